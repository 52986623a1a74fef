"""What starts are evidence of, on made-up starts."""

from __future__ import annotations

from typing import Any

import pytest

from harness.lifecycle import Settled, Start, cold, honest, warm_up
from harness.lifecycle.starts import Asked
from harness.model import Evidence, Finding, Measurement, Severity, Startup


def start(
    seconds: float = 1.0,
    took: tuple[float, ...] = (),
    problem: str = "",
    unready: tuple[str, ...] = (),
    early: tuple[str, ...] = (),
) -> Start:
    """A start whose inferences took so long, the first one first."""
    asked = tuple(Asked(0.1, one, "") for one in took[1:])
    asked += (Asked(0.9, 0.01, problem),) if problem else ()
    first = took[0] if took else None
    startup = Startup(True, seconds, said_ready=0.5, early=early, first=first)
    return Start(startup, Settled(asked, unready))


def values(seen: list[Any]) -> dict[str, float]:
    """Measurements by name."""
    return {item.name: item.value for item in seen if isinstance(item, Measurement)}


def rules(seen: list[Any]) -> list[tuple[str, Severity]]:
    """Findings by rule."""
    return [(item.rule, item.severity) for item in seen if isinstance(item, Finding)]


def test_of_several_starts_median_and_maximum_are_measured_and_each_is_drawn() -> None:
    seen = cold([start(1.0), start(4.0), start(2.0)])
    assert values(seen) == {"cold_start_median": 2.0, "cold_start": 4.0}
    (picture,) = [item for item in seen if isinstance(item, Evidence)]
    assert picture.data["series"] == {"time": [1.0, 4.0, 2.0]}
    assert rules(seen) == []


def test_a_start_that_fails_among_others_is_found() -> None:
    dead = Start(Startup(False, 3.0, reason="ended with exit code 1"), Settled())
    assert rules(cold([start(), dead])) == [("unreliable-start", Severity.ERROR)]


def test_an_honest_start_has_no_failure_after_ready() -> None:
    seen = honest([start(took=(0.1, 0.01, 0.01))])
    assert values(seen) == {"failed_after_ready": 0.0, "unready_again": 0.0}
    assert rules(seen) == []


def test_inferences_that_fail_between_ready_and_the_first_answer_are_counted() -> None:
    seen = honest([start(early=("503", "503")), start(problem="status 500")])
    assert values(seen)["failed_after_ready"] == 3.0
    assert rules(seen) == [("not-ready-yet", Severity.ERROR)]


def test_who_takes_ready_back_is_found() -> None:
    seen = honest([start(unready=("GET /health answered 503, expected 200",))])
    assert values(seen) == {"failed_after_ready": 0.0, "unready_again": 1.0}
    assert rules(seen) == [("ready-and-unready", Severity.ERROR)]


def test_the_penalty_is_the_first_request_less_the_steady_time() -> None:
    seen = warm_up([start(took=(0.500, *[0.004] * 19))])
    assert values(seen) == {"first_request_penalty": pytest.approx(496), "warm_up_requests": 1.0}
    assert rules(seen) == [("slow-first-request", Severity.WARNING)]


def test_the_warm_up_ends_with_the_first_of_five_that_are_steady() -> None:
    seen = warm_up([start(took=(0.02, 0.02, 0.02, 0.004, 0.02, 0.02, 0.02, *[0.004] * 20))])
    assert values(seen)["warm_up_requests"] == 7.0
    assert rules(seen) == []


def test_who_is_warm_at_once_has_no_warm_up() -> None:
    seen = warm_up([start(took=(0.0041, *[0.004] * 20))])
    assert values(seen)["warm_up_requests"] == 0.0


def test_several_starts_are_summed_up_by_their_median_and_drawn_side_by_side() -> None:
    seen = warm_up([start(took=(first, *[0.004] * 14)) for first in (0.014, 0.024, 0.104)])
    assert values(seen)["first_request_penalty"] == pytest.approx(20)
    (picture,) = [item for item in seen if isinstance(item, Evidence)]
    assert sorted(picture.data["series"]) == ["start 1", "start 2", "start 3"]


def test_from_few_inferences_nothing_is_called_steady() -> None:
    with pytest.raises(ValueError, match="9 inferences in the first half second, at least 10"):
        warm_up([start(took=(0.004,) * 9)])
