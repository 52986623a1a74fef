"""What starts are evidence of: how long, how honest, and how slow the first requests are."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from harness.lifecycle.starts import Start
from harness.model import Evidence, Finding, Measurement, Observation, Severity

_FEWEST = 10  # answered inferences, below which nothing is called steady
_WINDOW = 5
_STEADY, _SLACK = 1.25, 0.0005  # times the steady time, and seconds, that still count as steady
_MUCH, _TIMES = 0.1, 5.0  # a first request so many seconds and times slower is worth a warning
_DRAWN = 6


def cold(starts: Sequence[Start]) -> list[Observation]:
    """Median and maximum of the seconds to the first real inference, and each start."""
    took = [start.startup.seconds for start in starts]
    failed = [start.startup for start in starts if not start.startup.ready]
    labels = [f"start {number}" for number in range(1, len(took) + 1)]
    seen: list[Observation] = [
        Measurement("cold_start_median", statistics.median(took), "s", n=len(took)),
        Measurement("cold_start", max(took), "s", n=len(took)),
        Evidence(
            "bars",
            "Time to the first inference",
            {"labels": labels, "series": {"time": took}, "unit": "s"},
        ),
    ]
    if failed:
        seen.append(
            Finding(
                "unreliable-start",
                f"{len(failed)} of {len(starts)} starts never became ready: {failed[0].reason}",
                expected="ready after every start",
                received=failed[0].reason,
            )
        )
    return seen


def honest(starts: Sequence[Start]) -> list[Observation]:
    """Inferences that failed after the candidate had said that it is ready."""
    early = [why for start in starts for why in start.startup.early]
    late = [one.problem for start in starts for one in start.settled.asked if one.problem]
    unready = [why for start in starts for why in start.settled.unready]
    asked = sum(len(start.settled.asked) + 1 for start in starts) + len(early)
    found: list[Observation] = [
        Measurement("failed_after_ready", len(early) + len(late), n=asked),
        Measurement("unready_again", len(unready)),
    ]
    if early or late:
        found.append(
            Finding(
                "not-ready-yet",
                f"{len(early) + len(late)} inferences failed after it had said that it is ready: "
                f"{[*early, *late][0]}",
                expected="say ready once an inference would be answered",
                received=[*early, *late][0],
            )
        )
    if unready:
        found.append(
            Finding(
                "ready-and-unready",
                f"right after its first inference it took back that it is ready: {unready[0]}",
                expected="ready from then on",
                received=unready[0],
            )
        )
    return found


def warm_up(starts: Sequence[Start]) -> list[Observation]:
    """By how much the first request is slower than later ones, and how many are; medians of starts.

    Steady is the median of the later half of the inferences that were asked one after the other;
    warm is the first of five whose median is within a quarter of it. Raises ValueError where
    fewer than ten were answered in every start.
    """
    series = [start.took for start in starts if len(start.took) >= _FEWEST]
    if not series:
        most = max((len(start.took) for start in starts), default=0)
        raise ValueError(
            f"{most} inferences in the first half second, at least {_FEWEST} are needed"
        )
    steady = statistics.median(_steady(took) for took in series)
    first = statistics.median(took[0] for took in series)
    penalty = statistics.median(took[0] - _steady(took) for took in series)
    found: list[Observation] = [
        Measurement("first_request_penalty", penalty * 1e3, "ms", n=len(series)),
        Measurement("warm_up_requests", statistics.median(map(_cold, series)), n=len(series)),
        _picture(series),
    ]
    if penalty >= _MUCH and first >= _TIMES * steady:
        found.append(
            Finding(
                "slow-first-request",
                f"the first inference took {first * 1e3:.0f} ms where later ones take "
                f"{steady * 1e3:.1f} ms",
                severity=Severity.WARNING,
                expected="one inference of its own before it says that it is ready",
                received=f"{first * 1e3:.0f} ms",
            )
        )
    return found


def _steady(took: Sequence[float]) -> float:
    return statistics.median(took[len(took) // 2 :])


def _cold(took: Sequence[float]) -> int:
    """How many requests come before the first that is warm."""
    bound = _STEADY * _steady(took) + _SLACK
    for number in range(len(took)):
        if took[number] <= bound and statistics.median(took[number : number + _WINDOW]) <= bound:
            return number
    return len(took)


def _picture(series: Sequence[Sequence[float]]) -> Evidence:
    longest = max(map(len, series[:_DRAWN]))
    lines = {
        f"start {number}": [round(s * 1e3, 3) for s in took] + [None] * (longest - len(took))
        for number, took in enumerate(series[:_DRAWN], 1)
    }
    data = {"x": list(range(1, longest + 1)), "series": lines, "unit": "ms", "x_unit": ""}
    return Evidence("series", "The first inferences, one after the other", data)
