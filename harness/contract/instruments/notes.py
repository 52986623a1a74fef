"""What an instrument writes down while it asks, and the little of it that a person has to read."""

from __future__ import annotations

import time
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from harness.contract.contract import Contract
from harness.contract.instruments.shrink import shrink
from harness.contract.judging.findings import Defects, Exchange, Key, key_of, relax
from harness.contract.requests.cases import Case
from harness.contract.wire.transport import Layer
from harness.model import Finding, Severity

_FEWER = "a slow model is asked less with a smaller corpus: `gate freeze`, and contract.corpus"
_SHRINKING = 4.0  # seconds for all defects of one instrument together
_TOLD: WeakKeyDictionary[Contract, set[Key]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Seen:
    """What an instrument looked at, and what it found."""

    count: int
    findings: tuple[Finding, ...]


class Notes:
    """Findings as they come, and of each defect the shortest request that showed it."""

    def __init__(self, contract: Contract, base_url: str) -> None:
        self._contract = contract
        self._base_url = base_url
        self._defects = Defects()
        self._shortest: dict[Key, Case] = {}
        self.count = 0  # requests that were looked at

    @property
    def failed(self) -> bool:
        """Whether something is wrong for sure."""
        return self._defects.has(Severity.ERROR)

    def add(self, exchange: Exchange, findings: Iterable[Finding]) -> None:
        """Write down what is wrong with one answer; the answer itself is not kept."""
        self.count += 1
        self.remark(findings, exchange.case)

    def remark(self, findings: Iterable[Finding], case: Case | None = None) -> None:
        """Write down what is not about one more answer."""
        for item in relax(findings, self._contract.tolerated):
            key = self._defects.add(item)
            if key is None or case is None:
                continue
            before = self._shortest.get(key)
            if before is None or _length(case) < _length(before):
                self._shortest[key] = case

    def left_out(self, number: int, why: str) -> None:
        """Write down that requests were not sent: what they would have shown is not known."""
        if number and not self.failed:
            layer = Layer.RESPONSE.value
            what = "1 request was" if number == 1 else f"{number} requests were"
            message = f"{layer}: {what} left out: {why}; {_FEWER}"
            self.remark([Finding("unsent", message, severity=Severity.DOUBT)])

    def told(self) -> Seen:
        """Each defect once, with the smallest request that shows it."""
        ends = time.monotonic() + _SHRINKING
        _TOLD.setdefault(self._contract, set()).update(self._defects.keys)
        return Seen(self.count, tuple(self._shrunk(item, ends) for item in self._defects.told()))

    def _shrunk(self, finding: Finding, ends: float) -> Finding:
        case = self._shortest.get(key_of(finding))
        if case is None or finding.severity is not Severity.ERROR:
            return finding
        found = shrink(self._contract, self._base_url, case, key_of(finding), ends)
        if found is None:
            return finding
        smaller, again = found
        message = f"{finding.message}; the request below is shrunk from {_length(case)} bytes"
        return replace(again, message=f"{message} to {_length(smaller)}")


def told_already(contract: Contract) -> AbstractSet[Key]:
    """The defects that instruments have told of one contract so far."""
    return _TOLD.get(contract, set())


def _length(case: Case) -> int:
    return len(case.prepared.body)
