"""Starts, stop and second start: made once, and only as often as gate.toml asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from harness.life import Life
from harness.lifecycle import Settled, Start
from harness.model import Startup
from harness.runtime import Endpoint, Sandbox
from harness.testing import FakeEndpoint

READY = Startup(ready=True, seconds=1.0)
DEAD = Startup(ready=False, seconds=1.0, reason="ended")


class FakeStarter:
    """Settles at once, and counts."""

    def __init__(self) -> None:
        self.settled: list[Startup] = []
        self.waited: list[Endpoint] = []

    def settle(self, startup: Startup, endpoint: Endpoint) -> Start:
        """As the real one."""
        self.settled.append(startup)
        return Start(startup, Settled())

    def wait(self, endpoint: Endpoint) -> Startup:
        """As the real one."""
        self.waited.append(endpoint)
        return READY


class Told:
    """A life, and what it asked of those around it."""

    def __init__(self, starts: int, startup: Startup = READY) -> None:
        self.starter = FakeStarter()
        self.endpoint = FakeEndpoint("http://127.0.0.1:1")
        self.said: list[str] = []
        candidate = SimpleNamespace(starts=starts)
        run: Any = SimpleNamespace(gate=SimpleNamespace(candidate=candidate), launch=self.launch)
        starter: Any = self.starter
        self.life = Life(
            run, starter, lambda: (startup, self.endpoint), lambda: self.said.append("quiet")
        )

    @contextmanager
    def launch(self, sandbox: Sandbox) -> Iterator[tuple[Startup, Endpoint]]:
        """One more instance."""
        assert sandbox == Sandbox()
        self.said.append("launch")
        yield READY, self.endpoint


def test_one_start_is_the_candidates_own_and_waits_for_nobody() -> None:
    told = Told(1)
    told.life.begin()
    assert len(told.life.starts()) == len(told.life.starts()) == 1
    assert told.starter.settled == [READY]
    assert told.said == []


def test_further_starts_want_a_quiet_machine() -> None:
    told = Told(3)
    assert len(told.life.starts()) == 3
    assert told.said == ["quiet", "launch", "launch"]


def test_what_does_not_start_is_not_started_again() -> None:
    told = Told(3, DEAD)
    assert [start.startup for start in told.life.starts()] == [DEAD]
    assert told.said == []


def test_the_second_start_is_of_the_same_instance() -> None:
    told = Told(1)
    told.endpoint.stop(1.0)
    assert told.life.restart() is READY
    assert told.starter.waited == [told.endpoint]
    assert told.endpoint.running()


def test_without_a_load_generator_nothing_is_stopped() -> None:
    told = Told(1)

    def none() -> None:
        raise RuntimeError("no load generator")

    starter: Any = SimpleNamespace(ready_path=lambda: None)
    run: Any = SimpleNamespace(driver=none, endpoint=lambda: told.endpoint)
    life = Life(run, starter, lambda: (READY, told.endpoint), lambda: None)
    with pytest.raises(RuntimeError, match="no load generator"):
        life.drain()
    assert told.endpoint.running()
