"""Whether the endpoint keeps its contract, request by request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness import Evidence, Finding, Measurement, Severity, check
from harness import contract as room

if TYPE_CHECKING:
    from harness.config import Gate
    from harness.contract import Contract, Golden
    from harness.runtime import Endpoint


def _has_examples(gate: Gate) -> str:
    return "" if gate.contract.examples else "contract.examples is not set"


def _has_golden(gate: Gate) -> str:
    return "" if gate.golden_path else "baseline.golden is not set"


def _told(name: str, seen: room.Seen) -> list[Measurement | Finding]:
    return [Measurement(name, seen.count, n=seen.count), *seen.findings]


def _explores(gate: Gate) -> str:
    return "" if room.explores(gate) else 'contract.explore is "0 s"'


@check(measures=("examples",), applies=_has_examples)
def check_examples(contract: Contract, endpoint: Endpoint) -> Sequence[Measurement | Finding]:
    """Each declared example gives its recorded answer."""
    return _told("examples", room.examples(contract, endpoint.base_url))


@check(measures=("answers",))
def check_response(
    contract: Contract, endpoint: Endpoint
) -> Sequence[Measurement | Finding | Evidence]:
    """Each answer to a valid request obeys the schema and the tensor rules."""
    told = _told("answers", room.responses(contract, endpoint.base_url))
    text = f"{len(contract.corpus.valid)} valid and {len(contract.corpus.invalid)} other requests\n"
    text += f"sha256:{contract.corpus.sha256}"
    return [*told, Evidence("text", "corpus", {"text": text})]


@check(measures=("bodies",))
def check_json(contract: Contract, endpoint: Endpoint) -> Sequence[Measurement | Finding]:
    """Each answer is strict JSON in its raw bytes."""
    return _told("bodies", room.strict_json(contract, endpoint.base_url))


@check(
    limits={"golden_changed": "== 0 %", "golden_flipped": "== 0 %"},
    measures=("golden_answers", "golden_difference", "golden_tolerance", "golden_ties"),
    applies=_has_golden,
)
def check_golden(
    contract: Contract, golden: Golden, endpoint: Endpoint
) -> Sequence[Measurement | Finding | Evidence]:
    """Requests recorded when a release was accepted have the same answers."""
    seen = room.replay(contract, golden, endpoint.base_url)
    return [
        Measurement("golden_answers", seen.compared, n=seen.compared),
        Measurement("golden_changed", seen.share(seen.changed), "%", n=seen.compared),
        Measurement("golden_flipped", seen.share(seen.flipped), "%", n=seen.compared),
        Measurement("golden_difference", seen.largest, n=seen.compared),
        Measurement("golden_tolerance", seen.comparer.tolerance),
        Measurement("golden_ties", seen.ties, n=seen.compared),
        *seen.told(),
        Evidence("text", "golden answers", {"text": f"recorded of {golden.name}"}),
    ]


@check(measures=("contract_changes", "breaking_changes"), applies=_has_golden)
def check_compatible(contract: Contract, golden: Golden) -> Sequence[Measurement | Finding]:
    """Clients of the recorded contract are served by the present one: backward compatible."""
    changes = room.changes_since(golden, contract)
    breaking = [change for change in changes if change.severity is Severity.ERROR]
    return [
        Measurement("contract_changes", len(changes)),
        Measurement("breaking_changes", len(breaking)),
        *changes,
    ]


def _is_described(gate: Gate) -> str:
    return "" if room.describes(gate) else "this protocol has no description of inputs and outputs"


@check(measures=("tensors_described",), applies=_is_described)
def check_metadata(contract: Contract, endpoint: Endpoint) -> Sequence[Measurement | Finding]:
    """The server describes the inputs and outputs that the contract declares."""
    return _told("tensors_described", room.metadata(contract, endpoint.base_url))


@check(measures=("unknown_paths",))
def check_not_found(contract: Contract, endpoint: Endpoint) -> Sequence[Measurement | Finding]:
    """An unknown path is answered with 404."""
    return _told("unknown_paths", room.not_found(contract, endpoint.base_url))


@check(measures=("methods",))
def check_method(contract: Contract, endpoint: Endpoint) -> Sequence[Measurement | Finding]:
    """The prediction path refuses other methods."""
    return _told("methods", room.wrong_method(contract, endpoint.base_url))


# The last of its file: what comes before shall meet a service that nobody has abused yet.
@check(measures=("invalid_requests",))
def check_invalid_requests(
    contract: Contract, endpoint: Endpoint
) -> Sequence[Measurement | Finding]:
    """Each invalid request is refused with a 4xx and a JSON error."""
    return _told("invalid_requests", room.invalid_requests(contract, endpoint.base_url))


@check(measures=("explored", "unstable"), applies=_explores)
def check_explore(
    contract: Contract, endpoint: Endpoint
) -> Sequence[Measurement | Finding | Evidence]:
    """Requests that no run has sent before find nothing that the corpus did not."""
    seen = room.explore(contract, endpoint.base_url)
    text = f"seed {seen.seed}; {seen.kept} failing requests kept for `gate freeze`; "
    text += f"{seen.known} defects met again that other checks have told"
    return [
        Measurement("explored", seen.sent, n=seen.sent),
        Measurement("unstable", seen.unstable, n=seen.sent),
        *seen.findings,
        Evidence("text", "exploration", {"text": text}),
    ]
