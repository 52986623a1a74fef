"""Phases through one real Locust process, against servers of known behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from harness.config import Gate
from harness.load import Driver, LoadError, Rig
from harness.load.locustside import layout
from harness.load.planned import arrivals

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def quick(serve: Callable[..., Any]) -> Any:
    """A server that answers within 2 ms."""
    return serve(delay=0.002)


@pytest.fixture(scope="module")
def driver(gate: Callable[..., Gate], quick: Any, promise: Callable[..., Any]) -> Iterator[Driver]:
    """One Locust for all tests of this file."""
    with Rig(gate(rate="200 /s"), quick, promise(), {}) as rig:
        yield rig.driver


def test_an_open_phase_has_one_row_for_each_planned_request(driver: Driver) -> None:
    schedule = arrivals.schedule(300, 0.7, seed=1)
    phase = driver.open(schedule)
    assert len(phase.tickets) == phase.dealt == len(schedule)
    assert phase.failed == 0
    assert not phase.window.pending.any()
    assert np.all(np.diff(phase.rows["sent"]) >= 0)
    assert phase.rows["planned"] - phase.origin == pytest.approx(schedule, abs=1e-6)
    assert phase.doubts() == ()
    assert phase.spins is not None
    assert phase.client_cpu is not None


def test_requests_planned_for_the_same_moment_are_told_apart(driver: Driver) -> None:
    phase = driver.open(np.zeros(30))
    assert not phase.window.pending.any()
    assert len(np.unique(phase.rows["planned"])) == 30


def test_a_watch_ends_an_open_phase_early_and_sees_its_rows(driver: Driver) -> None:
    seen: list[int] = []

    def watch() -> bool:
        seen.append(len(driver.rows()))
        return seen[-1] > 50

    phase = driver.open(arrivals.schedule(300, 30, seed=1), watch=watch)
    assert phase.dealt is not None
    assert 50 < phase.dealt < 2000
    assert len(phase.tickets) == phase.dealt
    assert seen == sorted(seen)


def test_a_closed_phase_sends_the_number_that_was_asked_for(driver: Driver) -> None:
    phase = driver.closed(3, requests=100)
    assert len(phase.tickets) == 100
    assert phase.users == 3


def test_a_closed_phase_keeps_its_concurrency_under_way(driver: Driver) -> None:
    """Little's law: mean number in flight = rate x time in flight."""
    phase = driver.closed(4, seconds=0.5)
    in_flight = float(np.sum(phase.rows["service"])) / phase.seconds
    assert in_flight == pytest.approx(4, rel=0.15)


def test_blocks_go_to_their_servers_in_order(driver: Driver, serve: Callable[..., Any]) -> None:
    slower = serve(delay=0.006)
    targets = [driver.target, slower.base_url]
    phases = driver.blocks(targets, [0, 1, 1, 0], 10)
    assert [phase.target for phase in phases] == [targets[i] for i in (0, 1, 1, 0)]
    assert [len(phase.rows) for phase in phases] == [10] * 4
    medians = [float(np.median(phase.response)) for phase in phases]
    assert min(medians[1:3]) > max(medians[0], medians[3])
    assert all(one.end <= other.start for one, other in zip(phases, phases[1:], strict=False))


def test_refused_connections_are_rows_with_their_cause(
    driver: Driver, serve: Callable[..., Any]
) -> None:
    gone = serve()
    gone.process.kill()
    gone.process.wait()
    phase = driver.open(np.linspace(0.0, 0.1, 10), target=gone.base_url)
    assert phase.failed == 10
    assert set(layout.why(phase.rows["flags"]).tolist()) == {layout.REFUSED}
    assert phase.failures[0].count == 10


def test_a_stranger_is_never_asked(driver: Driver) -> None:
    with pytest.raises(LoadError, match="is not on this machine"):
        driver.open(np.zeros(1), target="http://192.0.2.1:80")
    with pytest.raises(LoadError, match="is not on this machine"):
        driver.blocks([driver.target, "http://192.0.2.1:80"], [0, 1], 1)


def test_a_phase_without_a_request_or_without_an_end_is_refused(driver: Driver) -> None:
    with pytest.raises(LoadError, match="its schedule is empty"):
        driver.open(np.zeros(0))
    with pytest.raises(ValueError, match="needs an end"):
        driver.closed(1)


def test_after_a_watch_that_failed_the_next_phase_runs(driver: Driver) -> None:
    def broken() -> bool:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        driver.open(arrivals.schedule(100, 30, seed=1), watch=broken)
    assert len(driver.closed(1, requests=5).rows) == 5


def test_answers_that_break_the_contract_are_failed_rows(
    gate: Callable[..., Gate], promise: Callable[..., Any], serve: Callable[..., Any]
) -> None:
    wrong = serve(body='{"positive": "no"}')
    with Rig(gate(rate="10 /s"), wrong, promise(wanted=b"true"), {}) as rig:
        phase = rig.driver.closed(1, requests=20)
        assert phase.failed == 20
        assert set(layout.why(phase.rows["flags"]).tolist()) == {layout.OTHER}
        (failure,) = phase.failures
        assert (failure.name, failure.status, failure.count) == ("POST /predict", 200, 20)
        assert "response-schema" in failure.reason


def test_what_broke_one_phase_breaks_the_next_with_the_same_cause(
    gate: Callable[..., Gate], promise: Callable[..., Any], quick: Any
) -> None:
    broken = gate(locustfile="import not_there\n", rate="10 /s")
    with Rig(broken, quick, promise(), {}) as rig:
        for _ in range(2):
            with pytest.raises(LoadError, match="No module named 'not_there'"):
                rig.driver.closed(1, requests=1)
