"""Whether the endpoint keeps its contract, request by request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness import Evidence, Finding, Measurement, check
from harness import contract as room

if TYPE_CHECKING:
    from harness.config import Gate
    from harness.contract import Contract
    from harness.runtime import Endpoint


def _has_examples(gate: Gate) -> str:
    return "" if gate.contract.examples else "contract.examples is not set"


def _told(name: str, seen: room.Seen) -> list[Measurement | Finding]:
    return [Measurement(name, seen.count, n=seen.count), *seen.findings]


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
