"""The judge: evidence and limits in, an outcome with its reason out. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from numbers import Real

from harness.limits import Limit
from harness.model import (
    Evidence,
    Finding,
    JudgedMeasurement,
    Measurement,
    Outcome,
    Severity,
)

# A failure that was seen outweighs evidence that is missing: both close the gate, one says more.
_WORST_FIRST = (Outcome.FAILED, Outcome.ERRORED, Outcome.INCONCLUSIVE)
# What the fields of the records hold that are not text.
_TYPES: Mapping[str, tuple[type, str]] = {
    "value": (Real, "a number"),
    "low": (Real, "a number or None"),
    "high": (Real, "a number or None"),
    "n": (Real, "a number or None"),
    "more": (Real, "a number or None"),
    "severity": (Severity, "a harness.Severity"),
    "data": (dict, "a dict"),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge made of one check's evidence."""

    outcome: Outcome
    reason: str
    measurements: tuple[JudgedMeasurement, ...] = ()
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def judge(limits: Mapping[str, Limit], returned: object) -> Judgement:
    """Judge what a check returned against the limits in force.

    Nothing returned, a record that holds what it cannot, a limit without a measurement, a
    measurement that is not finite, in another dimension than its limit or returned twice: the
    check is errored. It never passes by silence.
    """
    try:
        observations = _observations(returned)
    except TypeError as problem:
        return Judgement(Outcome.ERRORED, str(problem))
    measured = [item for item in observations if isinstance(item, Measurement)]
    findings = tuple(item for item in observations if isinstance(item, Finding))
    attachments = tuple(item for item in observations if isinstance(item, Evidence))
    judged = [_judge_one(item, limits.get(item.name)) for item in measured]
    if any(item.severity is Severity.DOUBT for item in findings):
        judged = [_doubted(row, text) for row, text in judged]
    notes = _weighed(findings) + _absent(limits, measured)
    notes += [(row.outcome, text) for row, text in judged if row.outcome is not None]
    if not measured and not findings:
        notes.append((Outcome.ERRORED, "the check returned no measurement and no finding"))
    outcome = next((bad for bad in _WORST_FIRST if any(o is bad for o, _ in notes)), Outcome.PASSED)
    reason = "" if outcome is Outcome.PASSED else _join(text for o, text in notes if o is outcome)
    return Judgement(outcome, reason, tuple(row for row, _ in judged), findings, attachments)


def _observations(returned: object) -> list[Measurement | Finding | Evidence]:
    if isinstance(returned, (Measurement, Finding, Evidence)):
        returned = [returned]
    if returned is None or isinstance(returned, (str, bytes)) or not isinstance(returned, Iterable):
        raise TypeError(
            f"the check returned {type(returned).__name__}, expected Measurements and Findings"
        )
    items = list(returned)
    for item in items:
        if not isinstance(item, (Measurement, Finding, Evidence)):
            raise TypeError(
                f"the check returned a {type(item).__name__} among its evidence, "
                "expected Measurement, Finding or Evidence"
            )
        _check_types(item)
    return items


def _check_types(item: Measurement | Finding | Evidence) -> None:
    """Records come from anybody's check, and Python does not look: `severity="critical"`."""
    values: dict[str, object] = {field.name: getattr(item, field.name) for field in fields(item)}
    for key, value in values.items():
        if key in ("low", "high", "n", "more") and value is None:
            continue
        kind, expected = _TYPES.get(key, (str, "text"))
        if not isinstance(value, kind) or (kind is Real and isinstance(value, bool)):
            told = values.get("name") or values.get("rule") or values.get("title")
            raise TypeError(
                f"{type(item).__name__} {told!r}: {key} = {repr(value)[:80]}, expected {expected}"
            )


def _judge_one(item: Measurement, limit: Limit | None) -> tuple[JudgedMeasurement, str]:
    numbers = (item.value, item.low, item.high)
    if any(number is not None and not math.isfinite(number) for number in numbers):
        return _row(item, limit, Outcome.ERRORED), f"{item.name} is not a finite number"
    if not _ordered(item):
        return (
            _row(item, limit, Outcome.ERRORED),
            f"{item.name}: interval {item.low!r}..{item.high!r} does not hold {item.value!r}",
        )
    if limit is None:
        return _row(item, None, None), ""
    try:
        outcome = limit.judge(item)
    except ValueError as problem:
        return _row(item, limit, Outcome.ERRORED), f"{item.name}: {problem}"
    return _row(item, limit, outcome), explain(item, limit, outcome)


def _doubted(row: JudgedMeasurement, text: str) -> tuple[JudgedMeasurement, str]:
    """A number that cannot be trusted neither passes nor fails."""
    if row.outcome in (Outcome.PASSED, Outcome.FAILED):
        return replace(row, outcome=Outcome.INCONCLUSIVE), text
    return row, text


def _ordered(item: Measurement) -> bool:
    low = item.value if item.low is None else item.low
    high = item.value if item.high is None else item.high
    return low <= item.value <= high


def _row(item: Measurement, limit: Limit | None, outcome: Outcome | None) -> JudgedMeasurement:
    finite = [
        number if number is not None and math.isfinite(number) else None
        for number in (item.value, item.low, item.high)
    ]
    text = None if limit is None else limit.text
    return JudgedMeasurement(
        *(item.name, finite[0], item.unit, finite[1], finite[2], item.n, text, outcome),
        about=item.about,
        more=item.more,
    )


def _absent(limits: Mapping[str, Limit], measured: list[Measurement]) -> list[tuple[Outcome, str]]:
    names = [item.name for item in measured]
    notes = [
        (Outcome.ERRORED, f"limit on {name!r}, but the check returned no such measurement")
        for name in limits
        if name not in names
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    return notes + [(Outcome.ERRORED, f"measurement {name!r} was returned twice") for name in twice]


def _weighed(findings: tuple[Finding, ...]) -> list[tuple[Outcome, str]]:
    weights = {Severity.ERROR: Outcome.FAILED, Severity.DOUBT: Outcome.INCONCLUSIVE}
    return [
        (
            weights[item.severity],
            f"{item.message} (at {item.location})" if item.location else item.message,
        )
        for item in findings
        if item.severity in weights
    ]


def _join(texts: Iterable[str]) -> str:
    lines = [" ".join(text.split()) for text in texts]
    more = f" (and {len(lines) - 2} more)" if len(lines) > 2 else ""
    return "; ".join(lines[:2]) + more


def number(value: float) -> str:
    """Four significant digits, in exponent form only where zeros would drown them."""
    if value == 0 or 1e-4 <= abs(value) < 1e4:
        return f"{value:.4g}"
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.3e}"


def explain(item: Measurement, limit: Limit, outcome: Outcome) -> str:
    """`p99 = 312 ms, must be <= 250 ms (interval 290..340 ms, n = 2000)`."""
    details = []
    if item.low is not None or item.high is not None:
        low = "-" if item.low is None else number(item.low)
        high = "-" if item.high is None else number(item.high)
        details.append(f"interval {low} to {high}{_spaced(item.unit)}")
    if item.n is not None:
        details.append(f"n = {item.n}")
    about = f" of {item.about}" if item.about else ""
    text = f"{item.name}{about} = {number(item.value)}{_spaced(item.unit)}, must be {limit.text}"
    text += f" ({', '.join(details)})" if details else ""
    return text + (f"; {more_data(item, limit)}" if outcome is Outcome.INCONCLUSIVE else "")


def more_data(item: Measurement, limit: Limit) -> str:
    """How many samples would decide: what the check says, else by the root of their number."""
    if item.more is not None:
        return f"about {item.more} more samples would decide"
    bound = limit.in_unit(item.unit)
    distance = abs(item.value - bound)
    side = item.high if item.value < bound else item.low
    if item.n == 0:
        return "not one was seen"
    if item.n is None or side is None or distance == 0:
        return "too close to the limit to tell"
    needed = math.ceil(item.n * ((side - item.value) / distance) ** 2)
    return f"about {max(1, needed - item.n)} more samples would decide"


def _spaced(unit: str) -> str:
    return f" {unit}" if unit else ""
