"""Candidate and baseline in turn, on simulated servers under simulated noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from harness.limits import Limit
from harness.load.driving.phases import Phase
from harness.load.driving.record import ROW, Rows
from harness.load.errors import LoadError
from harness.load.locustside import layout
from harness.load.paired.comparing import Compared, block_of, compare
from harness.load.paired.turns import Pausing, Restarting, Side, Turns
from harness.load.trust.calibration import Pressure
from harness.model import Exit, Startup, Usage

LIMITS = {
    "latency_p50_ratio": Limit.parse("<= 1.05"),
    "latency_p90_ratio": Limit.parse("<= 1.15"),
}
OLD, NEW = "http://127.0.0.1:1", "http://127.0.0.1:2"


@dataclass
class Still:
    """An endpoint that is only an address and a list of what was done to it."""

    base_url: str
    done: list[str] = field(default_factory=list)

    def running(self) -> bool:
        """Always."""
        return True

    def usage(self) -> Usage:
        """Not measured."""
        return Usage(at=0.0)

    def bind(self, processors: Sequence[int]) -> None:
        """Noted."""
        self.done.append("bind")

    def pause(self) -> None:
        """Noted."""
        self.done.append("pause")

    def unpause(self) -> None:
        """Noted."""
        self.done.append("unpause")

    def stop(self, grace: float) -> Exit:
        """Noted."""
        self.done.append("stop")
        return Exit(code=0, seconds=0.0)

    def restart(self) -> None:
        """Noted."""
        self.done.append("restart")


@dataclass
class Simulated:
    """A Driver of two servers on a machine that another job slows down now and then."""

    seconds: dict[str, float]  # service time by base URL
    noisy: bool = False
    failing: dict[str, float] = field(default_factory=dict)  # share of failures by base URL
    spins: tuple[float, float] | None = (0.002, 0.002)
    steal: float | None = None
    stuck_from: float = math.inf  # when the candidate begins to take ten seconds
    seed: int = 1
    now: float = 0.0
    calls: list[tuple[int, int]] = field(default_factory=list)  # blocks and requests

    def __post_init__(self) -> None:
        self._chance = np.random.default_rng(self.seed)
        self._until, self._on = 0.0, False

    def clock(self) -> float:
        """The simulation's own."""
        return self.now

    def blocks(
        self,
        targets: Sequence[str],
        order: Sequence[int],
        requests: int,
        *,
        watch: Callable[[], bool] | None = None,
    ) -> list[Phase]:
        """Simulated phases."""
        self.calls.append((len(order), requests))
        phases: list[Phase] = []
        for side in order:
            phases.append(self._phase(targets[side], requests, watch))
            if watch is not None and watch():
                break
        return phases

    def _phase(self, target: str, requests: int, watch: Callable[[], bool] | None) -> Phase:
        begun = self.now
        rows: Rows = np.zeros(requests, dtype=ROW)
        for i in range(requests):
            took = self.seconds[target] * self._chance.lognormal(0.0, 0.05) * self._slowed()
            took = 10.0 if target == NEW and self.now > self.stuck_from else took
            lost = self._chance.random() < self.failing.get(target, 0.0)
            flags = layout.TICKET | (layout.FAILED if lost else 0)
            rows[i] = (self.now, self.now, took, 0 if lost else 200, 0, 0, flags, 0)
            self.now += took + 0.0002
            if watch is not None and watch():
                rows = rows[: i + 1]
                break
        pressure = Pressure(steal=self.steal)
        return Phase(
            *(1, "blocks", target, rows, begun, self.now), spins=self.spins, pressure=pressure
        )

    def _slowed(self) -> float:
        """While the other job is on, the scheduler's slices fall into half of the requests."""
        while self.noisy and self.now > self._until:
            self._on = not self._on
            self._until += self._chance.exponential(0.7)
        return (
            1.0 + self._chance.exponential(1.5) if self._on and self._chance.random() < 0.5 else 1.0
        )


def side(url: str) -> Side:
    """A side that is ready at once."""
    return Side(Still(url), lambda: Startup(ready=True, seconds=0.1), 1.0)


@pytest.fixture
def run() -> Callable[..., Compared]:
    """One comparison on a simulated machine."""

    def start(
        driver: Simulated, seconds: float = 30.0, seed: int = 1, kind: type[Turns] = Turns
    ) -> Compared:
        return compare(
            *(driver, kind(side(OLD), side(NEW), "much room"), LIMITS),
            seconds=seconds,
            confidence=0.95,
            seed=seed,
            clock=driver.clock,
        )

    return start


def outcomes(seen: Compared) -> list[str]:
    """What each limit says."""
    return [str(limit.judge(seen.measure(name))) for name, limit in LIMITS.items()]


def test_two_equal_services_pass_at_the_second_look(run: Callable[..., Compared]) -> None:
    seen = run(Simulated({OLD: 0.002, NEW: 0.002}))
    assert outcomes(seen) == ["passed", "passed"]
    assert (len(seen.pairs), seen.requests, seen.ended_early) == (20, 16, True)
    assert (seen.how, seen.why) == ("both resident", "much room")


def test_ten_per_cent_slower_fails_at_the_first_look(run: Callable[..., Compared]) -> None:
    seen = run(Simulated({OLD: 0.002, NEW: 0.0022}))
    assert outcomes(seen)[0] == "failed"
    assert seen.measure("latency_p50_ratio").value == pytest.approx(1.1, abs=0.02)
    assert len(seen.pairs) == 12


def test_a_faster_candidate_passes(run: Callable[..., Compared]) -> None:
    assert outcomes(run(Simulated({OLD: 0.002, NEW: 0.001}))) == ["passed", "passed"]


def test_no_equal_pair_fails_under_noise_and_nine_of_ten_regressions_are_found(
    run: Callable[..., Compared],
) -> None:
    """40 simulated runs each; the real servers are in benchmarks/regression.py."""
    equal = [run(Simulated({OLD: 0.002, NEW: 0.002}, noisy=True, seed=s)) for s in range(40)]
    slower = [run(Simulated({OLD: 0.002, NEW: 0.0022}, noisy=True, seed=s)) for s in range(40)]
    assert sum("failed" in outcomes(seen) for seen in equal) == 0
    assert sum("failed" in outcomes(seen) for seen in slower) >= 36


def test_a_candidate_at_the_margin_is_left_open_and_takes_all_the_time(
    run: Callable[..., Compared],
) -> None:
    seen = run(Simulated({OLD: 0.006, NEW: 0.0063}, seed=3))
    assert outcomes(seen)[0] == "inconclusive"
    assert not seen.ended_early and 29 < seen.seconds < 31


def test_slow_services_get_smaller_blocks_so_that_enough_pairs_fit(
    run: Callable[..., Compared],
) -> None:
    seen = run(Simulated({OLD: 0.05, NEW: 0.05}))
    assert 4 <= seen.requests < 10
    assert outcomes(seen) == ["passed", "passed"]


def test_very_slow_services_are_left_open_for_want_of_pairs(run: Callable[..., Compared]) -> None:
    seen = run(Simulated({OLD: 1.5, NEW: 1.5}))
    assert seen.requests == 4 and not seen.ratio("latency_p50_ratio").bounded
    assert seen.seconds < 45


def test_blocks_are_asked_for_eight_at_a_time_so_that_the_spin_comes_between(
    run: Callable[..., Compared],
) -> None:
    driver = Simulated({OLD: 0.002, NEW: 0.002})
    run(driver)
    assert driver.calls == [(1, 1), (1, 10), (1, 300)] * 2 + [(8, 16)] * 5


def test_each_pair_has_one_block_of_either_side(run: Callable[..., Compared]) -> None:
    seen = run(Simulated({OLD: 0.002, NEW: 0.004}))
    assert all(1.8 < pair.candidate.p50 / pair.baseline.p50 < 2.2 for pair in seen.pairs)


def test_the_other_limit_goes_on_where_one_is_open(run: Callable[..., Compared]) -> None:
    open_ended = run(Simulated({OLD: 0.002, NEW: 0.00206}, seed=1))
    assert len(open_ended.pairs) > 12


def test_a_candidate_without_right_answers_is_named_before_the_first_block(
    run: Callable[..., Compared],
) -> None:
    seen = run(Simulated({OLD: 0.002, NEW: 0.002}, failing={NEW: 1.0}))
    assert (seen.dead, seen.pairs) == ("the candidate", ())


def test_failures_make_the_candidate_slower_and_never_faster(run: Callable[..., Compared]) -> None:
    seen = run(Simulated({OLD: 0.002, NEW: 0.001}, failing={NEW: 0.7}))
    assert "failed" in outcomes(seen)
    assert seen.asked(1)[1] > 0.5 * seen.asked(1)[0]


def test_a_side_that_stops_answering_ends_the_comparison_near_its_time(
    run: Callable[..., Compared],
) -> None:
    driver = Simulated({OLD: 0.002, NEW: 0.0021}, stuck_from=5.0)
    assert run(driver, seconds=20.0).seconds < 20.0 + 10.0 + 10.0


def test_paused_and_restarted_sides_are_asked_block_by_block(run: Callable[..., Compared]) -> None:
    for kind in (Pausing, Restarting):
        driver = Simulated({OLD: 0.002, NEW: 0.002})
        seen = run(driver, kind=kind)
        assert {blocks for blocks, _ in driver.calls} == {1}
        assert outcomes(seen) == ["passed", "passed"] and seen.how == kind.word


def test_doubtful_pairs_are_kept_where_all_are_and_the_verdict_stands(
    run: Callable[..., Compared],
) -> None:
    seen = run(Simulated({OLD: 0.002, NEW: 0.002}, steal=0.5))
    assert len(seen.judged) == len(seen.pairs) == 20


def phase(flags: list[int], service: list[float]) -> Phase:
    """One block of requests with the given flags and seconds."""
    rows: Rows = np.zeros(len(flags), dtype=ROW)
    rows["flags"], rows["service"] = flags, service
    return Phase(1, "blocks", OLD, rows, 0.0, 1.0, spins=(0.001, 0.002))


def test_the_first_twentieth_of_a_block_is_left_out() -> None:
    block = block_of(phase([layout.TICKET] * 40, [1.0, 1.0] + [0.002] * 38), 1)
    assert (block.p50, block.p90) == pytest.approx((0.002, 0.002))
    assert (block.n, block.failed, block.spins) == (40, 0, (0.001, 0.002))


def test_failures_are_infinitely_slow_in_a_block() -> None:
    lost = layout.TICKET | layout.FAILED
    block = block_of(phase([layout.TICKET] * 30 + [lost] * 10, [0.002] * 40), 1)
    assert block.p50 == pytest.approx(0.002) and block.p90 == float("inf")
    assert block.failed == 10


def test_an_answer_of_the_baseline_that_breaks_the_contract_of_today_is_an_answer() -> None:
    told = phase([layout.TICKET | layout.FAILED] * 40, [0.002] * 40)
    told.rows["status"] = 200
    assert (block_of(told, 0).failed, block_of(told, 1).failed) == (0, 40)


def test_quantiles_of_a_block_are_those_of_numpy() -> None:
    seconds = [0.001 * i for i in range(1, 12)]
    block = block_of(phase([layout.TICKET] * 12, [9.0, *seconds]), 1)
    assert block.p50 == pytest.approx(np.quantile(seconds, 0.5))
    assert block.p90 == pytest.approx(np.quantile(seconds, 0.9))


def test_an_empty_block_is_an_error() -> None:
    with pytest.raises(LoadError, match="holds none"):
        block_of(phase([], []), 1)
