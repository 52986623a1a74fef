"""The verdict rule: fail closed. Pure, and short enough to be read in one look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.labels import declared_as
from harness.model import CheckResult, Outcome, Verdict, Waiver

EXIT_CODES: Mapping[Verdict, int] = {
    Verdict.PASS: 0,
    Verdict.FAIL: 1,
    Verdict.ERROR: 3,
    Verdict.INCONCLUSIVE: 4,
}
EXIT_USAGE = 2
_NAMED = 3  # checks of one reason that are named in it


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, why, and the results with `required` filled in."""

    verdict: Verdict
    reasons: tuple[str, ...]
    results: tuple[CheckResult, ...]


def decide(
    results: Sequence[CheckResult],
    required: Iterable[str],
    waivers: Sequence[Waiver],
    today: dt.date,
    limited: Iterable[str] = (),
) -> Decision:
    """Apply the verdict rule. `limited` names the policy's limits as `family.measurement`.

    1. a required check failed and is not waived: fail
    2. a required check errored or is absent, nothing ran, no check measures what is limited, or
       a waived check holds a measurement that could not be judged: error
    3. a required check is inconclusive or was skipped, a limited measurement was not taken, or a
       waiver has expired: inconclusive
    4. else pass
    """
    required = tuple(required)
    names = frozenset(required)
    results = tuple(replace(result, required=is_required(result, names)) for result in results)
    valid = [w for w in waivers if today <= dt.date.fromisoformat(w.expires)]
    expired = [w for w in waivers if today > dt.date.fromisoformat(w.expires)]
    obliged = [result for result in results if result.required]
    failed = [r for r in obliged if r.outcome is Outcome.FAILED and not waiver_of(r, valid)]
    broken = [r for r in obliged if r.outcome is Outcome.ERRORED]
    excused = [r for r in obliged if r.outcome is Outcome.FAILED and waiver_of(r, valid)]
    absent = _absent(results, required)
    unknown, untaken = _unmeasured(results, limited, excused)
    absent += unknown + [line for r in excused for line in _beyond_waiver(r)]
    open_ = [r for r in obliged if r.outcome in (Outcome.INCONCLUSIVE, Outcome.SKIPPED)]
    notes = [_waived(r, waiver) for r in excused if (waiver := waiver_of(r, valid))]
    lapsed = [f"{w.check}: its waiver expired on {w.expires} ({w.reason})" for w in expired]
    if failed:
        verdict = Verdict.FAIL
    elif broken or absent:
        verdict = Verdict.ERROR
    elif open_ or untaken or lapsed:
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.PASS
    reasons = _lines([*failed, *broken]) + absent
    reasons += _lines(open_) + untaken + lapsed
    return Decision(verdict, tuple(reasons + notes), results)


def is_required(result: CheckResult, required: Iterable[str]) -> bool:
    """A family requires its checks that are not advisory and that apply; an id requires itself."""
    return not _required_by(result).isdisjoint(required)


def _required_by(result: CheckResult) -> set[str]:
    """The names in a policy that would require this check."""
    declared = result.declared
    names = {result.id, result.id.partition("[")[0]}
    if declared.applies and not declared.advisory:
        names.add(result.family)
    return names


def shuts(result: CheckResult, required: Iterable[str], waivers: Iterable[Waiver]) -> bool:
    """Whether the gate stays shut after this: what only informs, or is waived, ends no run."""
    fine = result.outcome in (Outcome.PASSED, Outcome.SKIPPED)
    return not fine and waiver_of(result, waivers) is None and is_required(result, required)


def waiver_of(result: CheckResult, waivers: Iterable[Waiver]) -> Waiver | None:
    """The waiver that names this check, with its parameter or without."""
    names = (result.id, result.id.partition("[")[0])
    return next((waiver for waiver in waivers if waiver.check in names), None)


def _absent(results: Sequence[CheckResult], required: tuple[str, ...]) -> list[str]:
    """Names in `required` that no check answered for: a promise nobody kept."""
    if not required:
        return ["the policy requires nothing: a gate without a required check cannot pass"]
    if not any(r.outcome is not Outcome.SKIPPED for r in results):
        return ["nothing ran"]
    answered = {name for result in results for name in _required_by(result)}
    return [
        f"{name}: required, but {_why_absent(name, results)}"
        for name in required
        if name not in answered
    ]


def _why_absent(name: str, results: Sequence[CheckResult]) -> str:
    reasons = [
        r.reason for r in results if r.family == name and r.reason and not r.declared.applies
    ]
    return reasons[0] if reasons else "no such check was run"


def _unmeasured(
    results: Sequence[CheckResult], limited: Iterable[str], excused: Sequence[CheckResult]
) -> tuple[list[str], list[str]]:
    """Limits that no check knows, and limits whose check did not come to measuring."""
    unknown, untaken = [], []
    families: dict[str, list[CheckResult]] = {}
    for result in results:
        families.setdefault(result.family, []).append(result)
    for key in limited:
        family, _, name = key.partition(".")
        knowing = [r for r in families.get(family, ()) if _knows(r, name)]
        if not knowing:
            unknown.append(f"{key}: the policy limits it, but no check measures it")
        elif not any((r.required and r not in excused) or _took(r, name) for r in knowing):
            reason = knowing[0].reason or "no reason given"
            untaken.append(f"{key}: the policy limits it, but it was not measured: {reason}")
    return unknown, untaken


def _knows(result: CheckResult, name: str) -> bool:
    declared = (*result.declared.limits, *result.declared.measures)
    known = bool(declared) and declared_as(name, declared) is not None
    return known or _took(result, name)


def _took(result: CheckResult, name: str) -> bool:
    return any(m.name == name and m.value is not None for m in result.measurements)


def _lines(results: Sequence[CheckResult]) -> list[str]:
    """One line a reason: what keeps many checks from running is told once."""
    groups: dict[tuple[Outcome, str], list[str]] = {}
    for result in results:
        groups.setdefault((result.outcome, result.reason), []).append(result.id)
    return [f"{_names(ids)} {outcome}: {reason}" for (outcome, reason), ids in groups.items()]


def _names(ids: list[str]) -> str:
    if len(ids) <= _NAMED:
        return ", ".join(ids)
    return f"{', '.join(ids[:_NAMED])} and {len(ids) - _NAMED} more"


def _beyond_waiver(result: CheckResult) -> list[str]:
    """A waiver accepts a failure that was seen, not a number that nobody could read."""
    return [
        f"{result.id}: {m.name} could not be judged, which its waiver does not cover"
        for m in result.measurements
        if m.outcome is Outcome.ERRORED
    ]


def _waived(result: CheckResult, waiver: Waiver) -> str:
    return f"{result.id} failed, waived until {waiver.expires}: {waiver.reason}"
