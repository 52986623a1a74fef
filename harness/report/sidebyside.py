"""Two reports side by side: which checks, numbers and findings are not what they were."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness import units
from harness.model import CheckResult, Finding, JudgedMeasurement, Outcome
from harness.report import numbers, summary
from harness.report.document import Report

_TOLD = 999.5  # percent; beyond that the two numbers themselves say more
_GOOD = {Outcome.PASSED: 0, Outcome.SKIPPED: 1}  # anything else is worse


@dataclass(frozen=True, slots=True)
class Number:
    """One measurement in both reports; None where a report has not taken it."""

    name: str
    a: JudgedMeasurement | None
    b: JudgedMeasurement | None

    @property
    def change(self) -> str:
        """`+12 ms (+8 %)` from the first report to the second; empty where nothing can be said."""
        if self.a is None or self.b is None or self.a.value is None or self.b.value is None:
            return ""
        former = _in_unit(self.a.value, self.a.unit, self.b.unit)
        if former is None:
            return ""
        by = self.b.value - former
        if by == 0:
            return "the same"
        shown = f"{'+' if by > 0 else ''}{numbers.number(by)}"
        if self.b.unit == "%":  # of what would not be plain
            return f"{shown} pp"
        share = by / abs(former) * 100 if former else math.inf
        told = f" ({share:+.3g} %)" if abs(share) < _TOLD else ""
        return f"{shown} {self.b.unit}".rstrip() + told

    @property
    def apart(self) -> bool:
        """Whether the two intervals have no number in common: more than the noise of two runs."""
        if self.a is None or self.b is None:
            return False
        ends = [_ends(self.a, self.b.unit), _ends(self.b, self.b.unit)]
        if ends[0] is None or ends[1] is None:
            return False
        return ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0]

    @property
    def limits(self) -> tuple[str, str]:
        """The limit of each, empty where it has none."""
        return (self.a and self.a.limit) or "", (self.b and self.b.limit) or ""

    @property
    def tone(self) -> str:
        """How the second was judged, "info" where it was not."""
        return str((self.b and self.b.outcome) or "info")


@dataclass(frozen=True, slots=True)
class Pair:
    """One check in both reports."""

    id: str
    title: str
    a: CheckResult | None
    b: CheckResult | None
    numbers: tuple[Number, ...]
    gone: tuple[Finding, ...]  # findings of the first that the second has no more
    new: tuple[Finding, ...]

    @property
    def outcomes(self) -> tuple[str, str]:
        """`passed`, `failed`..., or `absent`."""
        return str(self.a.outcome if self.a else "absent"), str(
            self.b.outcome if self.b else "absent"
        )

    @property
    def differs(self) -> bool:
        """Whether its outcome or its findings are not what they were."""
        return self.outcomes[0] != self.outcomes[1] or bool(self.gone or self.new)

    @property
    def worse(self) -> bool:
        """Whether the second is further from passing."""
        return _badness(self.b) > _badness(self.a)

    @property
    def word(self) -> str:
        """`worse`, `better`, `differs`, or nothing where it says what it said."""
        if self.worse:
            return "worse"
        if _badness(self.b) < _badness(self.a):
            return "better"
        return "differs" if self.differs else ""

    @property
    def telling(self) -> list[Number]:
        """Of a check that says what it said, only numbers that have a limit."""
        return [row for row in self.numbers if self.differs or any(row.limits)]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both reports, beside one another."""

    a: Report
    b: Report
    facts: tuple[tuple[str, str, str], ...]  # what was tested and how, where it is not the same
    pairs: tuple[Pair, ...]

    @property
    def changed(self) -> list[Pair]:
        """Checks that say something else, those that became worse first."""
        return sorted((pair for pair in self.pairs if pair.differs), key=lambda one: not one.worse)

    @property
    def kept(self) -> list[Pair]:
        """Checks that say what they said."""
        return [pair for pair in self.pairs if not pair.differs]

    @property
    def sentence(self) -> str:
        """What happened between the two, in one line."""
        counts = Counter(pair.word for pair in self.pairs)
        words = [f"{counts[word]} {word}" for word in ("worse", "better") if counts[word]]
        checks = (
            f"{', '.join(words)} of {len(self.pairs)} checks" if words else "no outcome changed"
        )
        if self.a.verdict is self.b.verdict:
            return f"both say {self.a.verdict}; {checks}"
        return f"{self.a.verdict} became {self.b.verdict}; {checks}"


def compare(a: Report, b: Report) -> SideBySide:
    """The first report beside the second, the checks in the order in which they ran."""
    left, right = _by_id(a), _by_id(b)
    ids = [*right, *(name for name in left if name not in right)]
    pairs = tuple(_pair(name, left.get(name), right.get(name)) for name in ids)
    return SideBySide(a, b, tuple(_facts(a, b)), pairs)


def _by_id(report: Report) -> dict[str, CheckResult]:
    return {result.id: result for result in report.checks if not result.left_out}


def _pair(name: str, a: CheckResult | None, b: CheckResult | None) -> Pair:
    left = {row.name: row for row in a.measurements} if a else {}
    right = {row.name: row for row in b.measurements} if b else {}
    names = [*right, *(one for one in left if one not in right)]
    known = b or a
    before, after = (summary.findings(one) if one else [] for one in (a, b))
    return Pair(
        id=name,
        title=known.title if known else "",
        a=a,
        b=b,
        numbers=tuple(Number(one, left.get(one), right.get(one)) for one in names),
        gone=tuple(_without(before, after)),
        new=tuple(_without(after, before)),
    )


def _without(some: list[Finding], others: list[Finding]) -> list[Finding]:
    """By rule and place: a message may hold a number that never comes twice."""
    known = {(one.rule, one.location) for one in others}
    return [one for one in some if (one.rule, one.location) not in known]


def _facts(a: Report, b: Report) -> Iterator[tuple[str, str, str]]:
    listed = [
        ("Candidate", a.subject.reference, b.subject.reference),
        ("Config digest", a.subject.config_digest, b.subject.config_digest),
        ("Manifest digest", a.subject.manifest_digest, b.subject.manifest_digest),
        ("Platform", a.subject.platform, b.subject.platform),
        ("Policy", a.policy.name, b.policy.name),
        ("Policy digest", a.policy.digest, b.policy.digest),
        ("Gate digest", a.gate.digest, b.gate.digest),
        ("Finished", numbers.moment(a.finished_at), numbers.moment(b.finished_at)),
        ("Tool", f"{a.tool.name} {a.tool.version}", f"{b.tool.name} {b.tool.version}"),
    ]
    for key in dict.fromkeys([*a.environment, *b.environment]):
        listed.append((key, _scalar(a, key), _scalar(b, key)))
    return ((name, one or "", two or "") for name, one, two in listed if one != two)


def _scalar(report: Report, key: str) -> str:
    value = report.environment.get(key)
    return "" if value is None else str(value)


def _badness(result: CheckResult | None) -> int:
    return 1 if result is None else _GOOD.get(result.outcome, 2)


def _ends(row: JudgedMeasurement, unit: str) -> tuple[float, float] | None:
    """The interval in `unit`, where both its ends are known."""
    if row.low is None or row.high is None:
        return None
    low, high = _in_unit(row.low, row.unit, unit), _in_unit(row.high, row.unit, unit)
    return None if low is None or high is None else (low, high)


def _in_unit(value: float, unit: str, wanted: str) -> float | None:
    """`value` in another unit; None where it has none of that dimension."""
    if unit == wanted:
        return value
    try:
        if units.dimension(unit) != units.dimension(wanted):
            return None
        return units.to_base(value, unit) / units.to_base(1.0, wanted)
    except ValueError:
        return None
