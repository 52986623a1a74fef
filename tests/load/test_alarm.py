"""The alarm rings once, not before its time, with timerfd and without."""

from __future__ import annotations

import sys
import time

import gevent
import pytest

from harness.load.locustside.alarm import Alarm


@pytest.fixture(params=["linux", "darwin"])
def rung(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When it rang, on a system with timerfd and on one without."""
    if request.param == "linux" and sys.platform != "linux":
        pytest.skip("timerfd is Linux's")
    monkeypatch.setattr(sys, "platform", request.param)
    return []


def test_it_rings_once_and_not_before_its_time(rung: list[float]) -> None:
    alarm = Alarm(gevent.get_hub().loop, lambda: rung.append(time.monotonic()))
    at = time.monotonic() + 0.02
    alarm.set(at)
    gevent.sleep(0.1)
    alarm.close()
    assert len(rung) == 1
    assert rung[0] >= at - 0.002


def test_a_time_that_has_passed_rings_at_once(rung: list[float]) -> None:
    alarm = Alarm(gevent.get_hub().loop, lambda: rung.append(time.monotonic()))
    alarm.set(0.0)
    gevent.sleep(0.02)
    alarm.close()
    assert len(rung) == 1


def test_a_later_time_replaces_an_earlier_one_also_while_it_rings(rung: list[float]) -> None:
    def ring() -> None:
        rung.append(time.monotonic())
        if len(rung) < 3:
            alarm.set(rung[-1] + 0.005)

    alarm = Alarm(gevent.get_hub().loop, ring)
    alarm.set(time.monotonic() + 3600)
    alarm.set(time.monotonic())
    gevent.sleep(0.1)
    alarm.close()
    assert len(rung) == 3
