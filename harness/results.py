"""From pytest's phases to CheckResults, and how they travel inside test reports."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from harness.collect import Collected
from harness.errors import GateError
from harness.judge import Judgement
from harness.limits import Limit
from harness.model import CheckResult, Outcome

if TYPE_CHECKING:
    from pydantic import TypeAdapter

COLLECTED = pytest.StashKey[Collected]()
JUDGED = pytest.StashKey[Judgement]()
SETUP_SECONDS = pytest.StashKey[float]()
_GRAVITY = (
    Outcome.FAILED, Outcome.ERRORED, Outcome.INCONCLUSIVE, Outcome.SKIPPED, Outcome.PASSED
)  # fmt: skip
PROPERTY = "releasegate"  # under which a CheckResult travels in a test report's user properties


def fixtures_of(items: Iterable[pytest.Item]) -> set[str]:
    """What the checks among the items ask for, where they apply."""
    functions = [item for item in items if isinstance(item, pytest.Function)]
    active = [item for item in functions if not item.stash[COLLECTED].idle]
    return {name for item in active for name in item.fixturenames}


def limits_of(items: Iterable[pytest.Item], fixture: str) -> dict[str, Limit]:
    """The limits in force for the checks that ask for `fixture`, where they apply."""
    found: dict[str, Limit] = {}
    for item in items:
        check = item.stash.get(COLLECTED, None)
        asks = isinstance(item, pytest.Function) and fixture in item.fixturenames
        if check is not None and asks and not check.idle:
            found |= check.limits
    return found


def results_in(report: pytest.TestReport) -> list[CheckResult]:
    """The CheckResult that a test report carries, in a list; empty for phases without one."""
    return [unpack(str(value)) for name, value in report.user_properties if name == PROPERTY]


def result_of(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
) -> CheckResult | None:
    """The result that this phase of an item brings, or None where it brings none."""
    found = item.stash.get(COLLECTED, None)
    judged = item.stash.get(JUDGED, None)
    spent = item.stash.get(SETUP_SECONDS, 0.0) + (call.duration if call.when == "call" else 0.0)
    if found is None or (report.passed and call.when != "call"):
        return None
    if call.when == "call" and judged is not None:
        return _judged(found, judged, spent)
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        return found.result(Outcome.SKIPPED, reason.removeprefix("Skipped: "), spent)
    return found.result(Outcome.ERRORED, _cause(call), spent)


def _judged(found: Collected, judged: Judgement, spent: float) -> CheckResult:
    return CheckResult(
        id=found.id,
        version=found.spec.version,
        title=found.spec.title,
        outcome=judged.outcome,
        reason=judged.reason,
        measurements=judged.measurements,
        findings=judged.findings,
        evidence=judged.evidence,
        duration_s=round(spent, 3),
        declared=found.declared,
    )


def _cause(call: pytest.CallInfo[None]) -> str:
    """One line of what broke: ours speak for themselves, others are named by their type."""
    problem = call.excinfo.value if call.excinfo is not None else None
    phase = "" if call.when == "call" else f"{call.when}: "
    if isinstance(problem, GateError):
        return str(problem)
    return f"{phase}{type(problem).__name__}: {problem}"


def id_of(nodeid: str) -> str:
    """`mine.size` of `packs/check_mine.py::check_size`."""
    file, _, name = nodeid.partition("::")
    return f"{PurePath(file).stem.removeprefix('check_')}.{name.removeprefix('check_')}"


def never_ran(fallback: CheckResult, interrupted: bool, crashed: str | None = None) -> CheckResult:
    """What to say of a check that was owed and did not report."""
    if crashed is not None:
        return replace(fallback, outcome=Outcome.ERRORED, reason=" ".join(crashed.split()))
    if fallback.reason != "not run":
        return fallback
    if interrupted:
        return replace(fallback, outcome=Outcome.ERRORED, reason="interrupted before it ran")
    return replace(fallback, reason="not run: the run ended before")


def worse(before: CheckResult | None, now: CheckResult) -> CheckResult:
    """Of two words on one check the worse; of equals the later."""
    if before is None or _GRAVITY.index(now.outcome) <= _GRAVITY.index(before.outcome):
        return now
    return before


def pack(result: CheckResult) -> str:
    """A CheckResult as the JSON text in which it crosses processes."""
    return json.dumps(asdict(result), default=_number)


def unpack(text: str) -> CheckResult:
    """The CheckResult that `pack` wrote."""
    return _adapter().validate_python(json.loads(text))


@functools.cache
def _adapter() -> TypeAdapter[CheckResult]:
    """To build one takes 10 ms, and every report of every check is read twice."""
    from pydantic import TypeAdapter

    return TypeAdapter(CheckResult)


def _number(value: object) -> object:
    """NumPy's scalars, which checks return without noticing."""
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)
