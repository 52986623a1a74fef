"""What one relation saw: answers that were compared with the one they should equal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from harness.contract.contract import Contract
from harness.contract.judging.compare import Comparer, Difference, tied
from harness.contract.judging.findings import Exchange, fold
from harness.contract.relations.calibration import Calibration
from harness.contract.text import json_path, shown
from harness.contract.wire.transport import Layer
from harness.model import Finding, Severity

_GROUND = 16  # comparisons that are enough, however many more were meant


@dataclass(slots=True)
class Relation:
    """How many answers were compared with the one they should equal, and what differed."""

    rule: str  # of its findings
    calibration: Calibration
    comparer: Comparer
    compared: int = 0
    ties: int = 0  # other labels, between classes whose scores are as good as equal
    refused: int = 0  # requests that the service may refuse, and did
    left_out: int = 0  # for want of time
    findings: list[Finding] = field(default_factory=list)
    where: list[str] = field(default_factory=list)  # sizes, neighbours, orders with a difference
    notes: list[str] = field(default_factory=list)  # worth knowing, and nothing wrong

    @classmethod
    def of(cls, rule: str, calibration: Calibration) -> Relation:
        """One that has seen nothing yet."""
        return cls(rule, calibration, calibration.comparer())

    @property
    def largest(self) -> float:
        """Largest numeric difference met, relative above 1 and absolute below."""
        return self.comparer.largest

    @property
    def tolerance(self) -> float:
        """The largest numeric difference that does not count."""
        return self.comparer.tolerance

    def differ(self, expected: Any, received: Any) -> Difference | None:
        """Compare two results of one row, where a label between equal scores is a tie."""
        self.compared += 1
        found = self.comparer.difference(expected, received)
        if found is not None and tied(expected, received, self.tolerance):
            self.ties += 1
            return None
        return found

    def answers_differ(
        self, contract: Contract, first: Exchange, again: Exchange
    ) -> Difference | None:
        """Compare two answers to one request."""
        self.compared += 1
        if first.answer.body == again.answer.body:
            return None
        values = [self.calibration.steady(e.parsed.value) for e in (first, again)]
        expected, received = (contract.form.prediction(value) for value in values)
        found = self.comparer.difference(expected, received)
        if found is None:
            return None
        pairs = _row_pairs(contract, *values) or [(expected, received)]
        apart = [pair for pair in pairs if self.comparer.difference(*pair) is not None]
        if apart and all(tied(a, b, self.tolerance) for a, b in apart):
            self.ties += 1
            return None
        return found

    def report(
        self,
        exchange: Exchange,
        message: str,
        found: Difference,
        as_what: str,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Add what is wrong with one answer."""
        self.findings.append(
            exchange.finding(
                self.rule,
                Layer.INFERENCE,
                message,
                severity=severity,
                location=found.path,
                expected=f"{shown(found.expected)}, {as_what}",
                received=shown(found.received),
            )
        )

    def lost(self, exchange: Exchange, message: str, expected: str) -> None:
        """Add that a request which had an answer has none any more."""
        layer = exchange.answer.layer if not exchange.succeeded else Layer.RESPONSE
        self.findings.append(exchange.finding(self.rule, layer, message, expected=expected))

    def told(self) -> list[Finding]:
        """Each defect once, wherever it shows, and what was left out or refused."""
        folded = fold(self.findings, by_location=False)
        if folded and len(self.where) > 1:
            also = ", ".join(self.where[:12]) + (", ..." if len(self.where) > 12 else "")
            folded[0] = replace(folded[0], message=f"{folded[0].message}; seen with: {also}")
        return [*folded, *self._notes()]

    def _notes(self) -> Iterable[Finding]:
        for note in self.notes:
            yield self._coverage(note, Severity.INFO)
        if self.left_out:
            # Most of what was meant to be compared was not, and few are no ground to stand on. A
            # service that takes its time has compared enough, and must not be doubted for ever.
            few = self.compared < min(_GROUND, self.left_out)
            severity = Severity.DOUBT if few else Severity.INFO
            yield self._coverage(
                f"{self.left_out} requests were left out: the time was up", severity
            )

    def _coverage(self, note: str, severity: Severity) -> Finding:
        message = f"{Layer.INFERENCE.value}: {note}"
        return Finding(f"{self.rule}-coverage", message, severity=severity)


def _row_pairs(contract: Contract, first: Any, again: Any) -> list[tuple[Any, Any]]:
    a, b = contract.form.results(first), contract.form.results(again)
    return list(zip(a, b, strict=True)) if a and b and len(a) == len(b) else []


def place_in(row: int, found: Difference) -> Difference:
    """A difference within the result of a row, as a place in the list of results."""
    return replace(found, path=f"{json_path([row])}{found.path[1:]}")
