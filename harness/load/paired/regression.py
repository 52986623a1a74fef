"""What the gate says of candidate beside baseline: ratios, what they rest on, a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from harness.config import Gate
from harness.limits import Limit
from harness.load.errors import LoadError
from harness.load.paired.comparing import FAR, LEVELS, Blocking, Compared, compare
from harness.load.paired.pairing import BASELINE, CANDIDATE, least_pairs
from harness.load.paired.turns import Turns
from harness.model import Evidence, Finding, Observation, Severity
from harness.units import in_base

_MOST_FAILED = 0.01


class Sending(Blocking, Protocol):
    """What is needed of a Driver."""

    target: str  # base URL that later phases ask by default


def against_baseline(
    gate: Gate, driver: Sending, turns: Turns, limits: Mapping[str, Limit]
) -> list[Observation]:
    """Compare the two and say what came of it.

    Lasts at most `load.duration`, starts not counted. Raises LoadError where the load could not be
    made, EngineError where the engine fails.
    """
    assert gate.load is not None
    seen = compare(
        driver,
        turns,
        limits,
        seconds=in_base(gate.load.duration, "time"),
        confidence=gate.policy.confidence,
        seed=gate.load.seed,
    )
    driver.target = turns.urls()[CANDIDATE]  # a restart has moved it to another port
    return evidence(seen, limits, turns.died())


def evidence(seen: Compared, limits: Mapping[str, Limit], died: bool = False) -> list[Observation]:
    """A comparison as evidence; `died`: the candidate ended under it.

    Raises LoadError where the baseline does not answer.
    """
    if died:
        return [Finding("candidate-ended", "the candidate ended while it was compared")]
    if seen.dead:
        lost = seen.dead == "the candidate"
        text = f"{seen.dead} gave no right answer to the first requests that were sent to it"
        if not lost:
            raise LoadError(text)
        return [Finding("no-right-answer", text)]
    doubts = _doubts(seen, limits)
    found: list[Observation] = [*doubts]
    for name in LEVELS:
        item = seen.measure(name)
        if math.isfinite(item.value):
            found.append(item)
        elif doubts:
            found.append(replace(item, value=FAR, low=min(item.low or 0.0, FAR), high=FAR))
        else:
            found.append(_endless(name, seen))
    found += [_failed(seen, CANDIDATE)] if seen.asked(CANDIDATE)[1] else []
    return [*found, _told(seen), *(_picture(seen, limits) if seen.judged else [])]


def _doubts(seen: Compared, limits: Mapping[str, Limit]) -> list[Finding]:
    """Why the comparison shows nothing: a baseline that fails, or too few pairs."""
    n, failed = seen.asked(BASELINE)
    if failed > _MOST_FAILED * n:
        return [_failed(seen, BASELINE)]
    least = least_pairs(seen.confidence)
    if len(seen.judged) >= least or not limits:
        return []
    return [
        Finding(
            "too-few-pairs",
            f"{len(seen.judged)} pairs of blocks fitted into {seen.seconds:.1f} s, at least "
            f"{least} are needed: raise load.duration",
            severity=Severity.DOUBT,
        )
    ]


def _failed(seen: Compared, side: int) -> Finding:
    n, failed = seen.asked(side)
    who = "candidate" if side == CANDIDATE else "baseline"
    return Finding(
        "failed-requests",
        f"{failed} of {n} requests to the {who} got no right answer and count as endless",
        severity=Severity.WARNING if side == CANDIDATE else Severity.DOUBT,
        location=who,
    )


def _endless(name: str, seen: Compared) -> Finding:
    n, failed = seen.asked(CANDIDATE)
    return Finding(
        "no-right-answer",
        f"{name} is not finite: {failed} of {n} requests to the candidate got no right answer",
    )


def _told(seen: Compared) -> Finding:
    """How it was done, for whoever wonders at the figures."""
    left_out = [pair.doubt for pair in seen.pairs if pair.doubt]
    judged = seen.judged
    told = [
        f"{len(judged)} pairs of blocks of {seen.requests} requests in {seen.seconds:.1f} s, one "
        "request at a time, in the order ABBA or BAAB" + ", ended early" * seen.ended_early,
        f"candidate and baseline were {seen.how} ({seen.why})",
        *(f"median of the {who}: {ms:.3g} ms" for who, ms in _medians(seen)),
    ]
    if left_out:
        fate = "left out" if len(judged) < len(seen.pairs) else "kept, as most of them are"
        told.append(
            f"{len(left_out)} of {len(seen.pairs)} pairs doubtful and {fate}: {left_out[0]}"
        )
    return Finding("paired-run", "; ".join(told), severity=Severity.INFO)


def _medians(seen: Compared) -> list[tuple[str, float]]:
    found = []
    for who in ("baseline", "candidate"):
        ordered = sorted(getattr(pair, who).p50 for pair in seen.judged)
        if ordered and math.isfinite(ordered[len(ordered) // 2]):
            found.append((who, ordered[len(ordered) // 2] * 1e3))
    return found


def _picture(seen: Compared, limits: Mapping[str, Limit]) -> list[Evidence]:
    """Each pair as a dot, the median with its interval, and the margin."""
    name, level = next(iter(LEVELS.items()))
    found = seen.measure(name)
    logs = [pair.log_ratio(level) for pair in seen.judged]
    limit = limits.get(name)
    data = {
        "unit": "%",
        "values": [_percent(math.exp(log)) for log in logs if math.isfinite(log)],
        "value": _percent(found.value),
        "low": _percent(found.low),
        "high": _percent(found.high),
        "margin": None if limit is None else _percent(limit.in_unit("")),
        "names": ["baseline", "candidate"],
    }
    return [Evidence("pairs", "Candidate against baseline, median of each pair of blocks", data)]


def _percent(ratio: float | None) -> float | None:
    return None if ratio is None or not math.isfinite(ratio) else 100 * (ratio - 1)
