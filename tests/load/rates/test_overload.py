"""Overload and recovery, on services whose queue is bounded or not."""

from __future__ import annotations

import numpy as np
import pytest

from harness.load.driving.record import ROW
from harness.load.locustside import layout
from harness.load.rates import overload
from harness.load.rates.overload import SHED
from tests.load.simulation import Simulated


def _run(service: Simulated, seconds: float = 8.0, deadline: float = 0.1) -> overload.Overload:
    found = overload.run(service, seconds, deadline, longest=12.0)
    assert found is not None
    return found


def test_an_unbounded_queue_answers_everybody_too_late_and_does_not_recover() -> None:
    found = _run(Simulated(work=0.005))

    assert found.capacity == pytest.approx(200.0, rel=0.02)
    assert found.goodput(0.95).high < 0.1
    seconds, back = found.recovery
    assert not back and seconds > 11.0
    assert set(found.shed()) <= {"unanswered"}


def test_a_service_that_sheds_keeps_its_goodput_and_is_back_at_once() -> None:
    found = _run(Simulated(work=0.005, most=10))

    assert found.goodput(0.95).low > 0.85
    assert found.recovery == (0.0, True)
    assert found.shed().keys() == {SHED}
    assert found.shed()[SHED] == pytest.approx(found.offered / 2, rel=0.15)


def test_it_is_over_soon_after_the_service_has_recovered() -> None:
    assert _run(Simulated(work=0.005, most=10)).phase.seconds < 1 + 8 + 5
    assert _run(Simulated(work=0.005)).phase.seconds > 1 + 8 + 11


def test_a_short_queue_recovers_after_the_time_that_it_takes_to_be_served() -> None:
    """Two seconds of overload leave 400 requests: at half the load they are gone in about 4 s."""
    found = _run(Simulated(work=0.005), seconds=2.0, deadline=0.2)

    seconds, back = found.recovery
    assert back
    assert 2.5 < seconds < 5.0


def test_resets_are_told_apart_from_refusals() -> None:
    found = _run(Simulated(work=0.005, most=10, status=0))

    assert found.shed().keys() == {"connection reset"}


def test_a_service_that_never_answers_rightly_is_not_overloaded() -> None:
    assert overload.run(Simulated(most=0), 2.0, 0.1, longest=5.0) is None


@pytest.mark.parametrize(
    ("status", "flags", "kind"),
    [
        (503, layout.STATUS << layout.WHY_SHIFT, SHED),
        (429, layout.STATUS << layout.WHY_SHIFT, SHED),
        (500, layout.STATUS << layout.WHY_SHIFT, "status 500"),
        (0, layout.REFUSED << layout.WHY_SHIFT, "connection refused"),
        (0, layout.CLOSED << layout.WHY_SHIFT, "connection closed"),
        (0, layout.TIMEOUT << layout.WHY_SHIFT, "timeout"),
        (200, layout.FRAMING << layout.WHY_SHIFT, "broken answer"),
        (200, layout.OTHER << layout.WHY_SHIFT, "wrong answer"),
        (0, layout.UNSENT, "never sent"),
        (0, layout.UNANSWERED, "unanswered"),
    ],
)
def test_every_failure_has_a_kind(status: int, flags: int, kind: str) -> None:
    rows = np.zeros(2, dtype=ROW)
    rows["flags"] = [layout.TICKET, layout.TICKET | layout.FAILED | flags]
    rows["status"] = [200, status]

    assert overload.kinds(rows) == {kind: 1}


def test_one_late_answer_in_twenty_is_chance_and_three_are_not() -> None:
    at = np.linspace(0, 9.99, 1000)
    one, three = np.ones(1000, dtype=np.bool_), np.ones(1000, dtype=np.bool_)
    one[::25] = False
    three[300:310] = False

    assert overload.recovered(at, one, 100.0) == (0.0, True)
    assert overload.recovered(at, three, 100.0) == pytest.approx((3.25, True))


def test_what_is_late_in_the_last_bucket_has_not_recovered() -> None:
    timely = np.ones(1000, dtype=np.bool_)
    timely[900:] = False

    seconds, back = overload.recovered(np.linspace(0, 9.99, 1000), timely, 100.0)
    assert seconds == pytest.approx(9.99)
    assert not back


def test_an_empty_recovery_shows_nothing() -> None:
    assert overload.recovered(np.zeros(0), np.zeros(0, dtype=np.bool_), 100.0) == (0.0, False)
