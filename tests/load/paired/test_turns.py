"""How two releases share one machine's memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from harness.errors import EngineError
from harness.load.errors import LoadError
from harness.load.paired import turns
from harness.load.paired.turns import Pausing, Restarting, Side, Turns, choose, fits, free_bytes
from harness.model import Exit, Startup, Usage

GIB = 2**30
READY = Startup(ready=True, seconds=0.1)


@dataclass
class Named:
    """An endpoint that writes down what is done to it."""

    name: str
    log: list[str]
    up: bool = True
    base_url: str = field(default="")

    def running(self) -> bool:
        """Until it is stopped."""
        return self.up

    def usage(self) -> Usage:
        """Not measured."""
        return Usage(at=0.0)

    def bind(self, processors: Sequence[int]) -> None:
        """Noted."""
        self.log.append(f"bind {self.name} to {list(processors)}")

    def pause(self) -> None:
        """Noted."""
        self.log.append(f"pause {self.name}")

    def unpause(self) -> None:
        """Noted."""
        self.log.append(f"unpause {self.name}")

    def stop(self, grace: float) -> Exit:
        """Noted."""
        self.log.append(f"stop {self.name}")
        self.up = False
        return Exit(code=0, seconds=0.0)

    def restart(self) -> None:
        """Noted."""
        self.log.append(f"start {self.name}")
        self.up = True


@pytest.fixture
def log() -> list[str]:
    """What was done."""
    return []


@pytest.fixture
def make(log: list[str]) -> Callable[..., Turns]:
    """Turns of a kind, between `old` and `new`."""

    def start(
        kind: type[Turns], ready: Startup = READY, old_up: bool = True, cpus: float = 0.0
    ) -> Turns:
        old, new = Named("old", log, old_up, "http://a"), Named("new", log, True, "http://b")
        return kind(Side(old, lambda: ready, 1.0), Side(new, lambda: ready, 1.0), "why", cpus)

    return start


def used(gib: float) -> Usage:
    """So much memory."""
    return Usage(at=0.0, memory_bytes=int(gib * GIB))


@pytest.mark.parametrize(
    ("free", "expected"), [(7.0, Turns), (6.0, Turns), (5.9, Pausing), (3.0, Pausing)]
)
def test_both_stay_while_both_may_grow_and_are_paused_while_one_may(
    free: float, expected: type[Turns]
) -> None:
    """Each of 4 GiB uses 1 GiB: 6 GiB more for both, 3 GiB more for one."""
    assert choose(used(1), used(1), 4.0 * GIB, free * GIB)[0] is expected


def test_where_not_even_one_may_grow_they_are_restarted_in_turn() -> None:
    kind, why = choose(used(1), used(1), 4.0 * GIB, 2.0 * GIB)
    assert kind is Restarting
    assert why == "limits of 4096 MiB each, 2048 MiB free"


def test_one_that_was_stopped_for_the_other_stays_in_restarts() -> None:
    assert choose(used(1), None, 4.0 * GIB, 100.0 * GIB)[0] is Restarting


def test_unknown_use_counts_as_none_of_the_limit_used() -> None:
    assert not fits(Usage(at=0.0), 4.0 * GIB, 7.9 * GIB)
    assert fits(Usage(at=0.0), 4.0 * GIB, 8.0 * GIB)
    assert fits(used(3), 4.0 * GIB, 5.0 * GIB)


def test_this_machine_has_free_memory() -> None:
    assert free_bytes() > 2**20


def test_two_residents_are_left_alone(make: Callable[..., Turns], log: list[str]) -> None:
    made = make(Turns)
    assert [made.take(side) for side in (0, 1, 1, 0)] == [False] * 4
    made.end()
    assert log == []
    assert made.urls() == ("http://a", "http://b")


def test_a_pause_holds_the_other_side_and_ends_with_the_comparison(
    make: Callable[..., Turns], log: list[str]
) -> None:
    made = make(Pausing)
    for side in (0, 1, 1, 0):
        assert made.take(side) is False
    made.end()
    made.end()
    told = ["pause new", "unpause new", "pause old", "unpause old", "pause new", "unpause new"]
    assert log == told


def test_a_restart_never_has_both_up_and_ends_with_the_candidate(
    make: Callable[..., Turns], log: list[str]
) -> None:
    made = make(Restarting)
    assert [made.take(side) for side in (0, 1, 1, 0)] == [False, True, False, True]
    made.end()
    told = ["stop new", "stop old", "start new", "stop new", "start old", "stop old", "start new"]
    assert log == told


def test_a_side_that_does_not_come_up_again_is_named(make: Callable[..., Turns]) -> None:
    made = make(Restarting, Startup(False, 1.0, reason="out of memory"), old_up=False)
    with pytest.raises(LoadError, match="the baseline did not come up again.*out of memory"):
        made.take(0)


def test_a_candidate_that_died_is_not_started_again(
    make: Callable[..., Turns], log: list[str]
) -> None:
    made = make(Restarting)
    made.take(1)
    made.sides[1].endpoint.stop(1.0)
    assert made.take(1) is False and made.died()
    made.end()
    assert log == ["stop old", "stop new"]


@pytest.mark.parametrize("kind", [Turns, Pausing, Restarting])
def test_both_are_held_to_the_same_processors_and_let_go(
    make: Callable[..., Turns],
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Turns],
) -> None:
    monkeypatch.setattr(turns, "usable_processors", lambda: [0, 1, 2, 3])
    made = make(kind, cpus=1.5)
    made.begin()
    assert log == ["bind old to [2, 3]", "bind new to [2, 3]"]
    assert made.why == "why; both on processor 2, 3"
    made.end()
    assert log[-2:] == ["bind old to [0, 1, 2, 3]", "bind new to [0, 1, 2, 3]"]


@dataclass
class Unbound(Named):
    """An endpoint whose engine may not choose processors."""

    def bind(self, processors: Sequence[int]) -> None:
        """Refused."""
        raise EngineError("no cgroup for cpusets")


def test_where_one_cannot_be_held_the_other_one_is_let_go_and_the_report_says_so(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "usable_processors", lambda: [0, 1])
    sides = [Side(kind("x", log), lambda: READY, 1.0) for kind in (Named, Unbound)]
    made = Turns(sides[0], sides[1], "why", 1.0)
    made.begin()
    made.end()
    assert log == ["bind x to [1]", "bind x to [0, 1]"]
    assert made.why == "why; each on any processor: no cgroup for cpusets"


def test_where_each_may_use_the_whole_machine_neither_is_held(
    make: Callable[..., Turns], log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "usable_processors", lambda: [0, 1])
    made = make(Turns, cpus=2.0)
    made.begin()
    made.end()
    assert (log, made.why) == ([], "why")
