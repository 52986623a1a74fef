"""The explore tier: requests that no run has sent before, for a while; what fails must fail again.

Hypothesis draws and shrinks them. A failure counts only if the saved bytes fail each time they are
sent again, so that a gate is never shut by what nobody can reproduce.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.contract.contract import Contract
from harness.contract.forms import Form
from harness.contract.instruments.hunt import REPLAYS, Failure, TimeIsUp, failure, hunt, seed_of
from harness.contract.instruments.notes import told_already
from harness.contract.judging.findings import Exchange, Key, fold, key_of, relax
from harness.contract.judging.refusals import judge_invalid
from harness.contract.judging.tensors import Broken, flatten
from harness.contract.requests import kept
from harness.contract.requests.cases import Case, Claim
from harness.contract.requests.strategies import invalid_cases, valid_cases
from harness.contract.wire.transport import Client, Layer
from harness.model import Finding, Severity
from harness.units import in_base

_DEFECTS = 8  # different ones, after which the search ends
_HANGS = 2
_LOOKED_AT = 4096  # numbers of one tensor
_BEYOND = 1e300  # Hypothesis wants finite targets


@dataclass(frozen=True, slots=True)
class Exploration:
    """What the search sent and found."""

    sent: int  # requests, those of the shrinking included
    seed: int
    findings: tuple[Finding, ...]
    unstable: int  # failures that did not fail again
    known: int  # defects met again that other checks have told
    kept: int  # failing requests in the gate's folder, for `gate freeze`


@dataclass(slots=True)
class _Search:
    """Sends cases, and remembers of each defect the smallest request that shows it."""

    contract: Contract
    client: Client
    base_url: str
    ends: float = 0.0  # time.monotonic() seconds
    sent: int = 0
    hangs: int = 0
    found: dict[Key, tuple[Case, Finding]] = field(default_factory=dict)
    known: set[Key] = field(default_factory=set)  # met again, and told by other checks
    died: list[Finding] = field(default_factory=list)
    _last: Exchange | None = None

    def look(self, case: Case) -> list[tuple[str, float]]:
        """Send one, and say what is worth driving up in its answer.

        Raises Failure for what is wrong, TimeIsUp when it is time to stop.
        """
        if time.monotonic() > self.ends or self.hangs >= _HANGS or self.died:
            raise TimeIsUp
        exchange = self.ask(case)
        if self._is_gone(exchange):
            raise TimeIsUp
        self._last = exchange
        for finding in objections(self.contract, exchange):
            key = key_of(finding)
            if key in told_already(self.contract):
                self.known.add(key)
                continue
            self._remember(key, exchange.case, finding)
            if len(self.found) >= _DEFECTS:
                raise TimeIsUp
            raise failure(str(key), finding.message)
        return _interest(self.contract.form, exchange)

    def ask(self, case: Case) -> Exchange:
        """Send one and count it."""
        self.sent += 1
        exchange = Exchange(case, self.client.send(case.prepared), self.base_url)
        self.hangs += exchange.answer.layer is Layer.INFERENCE and exchange.answer.status == 0
        return exchange

    def _remember(self, key: Key, case: Case, finding: Finding) -> None:
        before = self.found.get(key)
        if before is None or len(case.prepared.body) <= len(before[0].prepared.body):
            self.found[key] = (case, finding)

    def _is_gone(self, exchange: Exchange) -> bool:
        """Whether nobody listens any more: then the request before is the one to talk about."""
        if exchange.answer.layer is not Layer.CONNECTION or self._last is None:
            return False
        if self.ask(exchange.case).answer.layer is not Layer.CONNECTION:
            return False
        message = f"nobody answers any more after this request ({self._last.case.name})"
        self.died.append(
            self._last.finding("died", Layer.CONNECTION, message, expected="a service that goes on")
        )
        return True


def explore(contract: Contract, base_url: str) -> Exploration:
    """Look for defects with new requests for half of `contract.explore` at most.

    Requests that failed in earlier runs come first, from the folder where they were kept. What
    another instrument has told of this contract is counted, and not told again.
    """
    seconds = in_base(contract.config.explore, "time") / 2  # the other half is for relations
    contract.survey(base_url)  # the answers before the abuse, for the behaviour checks
    seed = seed_of(contract)
    began = time.monotonic()
    with Client(base_url) as client:
        search = _Search(contract, client, base_url, began + seconds / 2)
        _replay(search, kept.read(contract))
        hunt(search.look, valid_cases(contract), seed)
        search.ends = began + seconds
        hunt(search.look, invalid_cases(contract), seed)
        confirmed, unstable = _confirm(search)
    number = kept.keep(contract, [case for case, _ in confirmed])
    findings = [*search.died, *(finding for _, finding in confirmed), *unstable]
    folded = tuple(fold(findings))
    return Exploration(search.sent, seed, folded, len(unstable), len(search.known), number)


def objections(contract: Contract, exchange: Exchange) -> list[Finding]:
    """What is surely wrong with the answer to a case, whatever its claim."""
    if exchange.case.claim in (Claim.VALID, Claim.ALLOWED):
        found = contract.rules.judge(exchange)
    else:
        found = list(judge_invalid(contract, exchange))
    counting = relax(found, contract.tolerated)
    return [finding for finding in counting if finding.severity is Severity.ERROR]


def _replay(search: _Search, cases: Sequence[Case]) -> None:
    for case in cases:
        try:
            search.look(case)
        except Failure:
            continue  # remembered
        except TimeIsUp:
            return


def _interest(form: Form, exchange: Exchange) -> list[tuple[str, float]]:
    """The largest and the smallest number that the model can be led to."""
    carried = form.carried(exchange.parsed.value) if exchange.comparable else []
    if isinstance(carried, Broken):
        return []
    numbers = [
        float(item)
        for tensor in carried
        for item in flatten(tensor.data)[:_LOOKED_AT]
        if type(item) in (int, float) and abs(item) < _BEYOND
    ]
    return [("largest", max(numbers)), ("smallest", -min(numbers))] if numbers else []


def _confirm(search: _Search) -> tuple[list[tuple[Case, Finding]], list[Finding]]:
    """Send what failed again: what always fails, and what is to be said of the others."""
    confirmed, unstable = [], []
    for key, (case, finding) in search.found.items():
        # Where it hangs each replay takes as long as an answer may: one has to do.
        times = 0 if search.died else 1 if search.hangs >= _HANGS else REPLAYS
        answers = (objections(search.contract, search.ask(case)) for _ in range(times))
        failures = sum(key in map(key_of, again) for again in answers)
        if times and failures == times:
            confirmed.append((case, finding))
        else:
            often = f"it failed once, and {failures} of {times} times when repeated"
            message = f"{finding.message}: {often}"
            unstable.append(
                replace(finding, rule="unstable", severity=Severity.WARNING, message=message)
            )
    return confirmed, unstable
