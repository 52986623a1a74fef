"""Kills for memory, from the engine's events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.runtime.kills import Kills

BEGAN = "2026-01-31T08:00:00.123456789Z"
LATER = "2026-01-31T08:00:05.5Z"
LAST = "2026-01-31T08:00:09Z"


class _Engine:
    """An engine whose events are at the given seconds after 08:00; it keeps the last two."""

    def __init__(self, *at: float, podman: bool = False) -> None:
        self.at = list(at)
        self.podman = podman
        self.api = self

    def events(
        self, since: float, until: float, wanted: dict[str, list[str]], decode: bool
    ) -> Iterator[dict[str, Any]]:
        """Those between two moments."""
        assert wanted == {"container": ["c"], "event": ["oom"]} and decode
        zero = 1769846400
        return iter([{"time": at} for at in self.at[-2:] if since <= zero + at <= until])


def _state(killed: bool = False) -> dict[str, Any]:
    return {"OOMKilled": killed, "StartedAt": BEGAN}


def test_each_look_adds_what_came_since_the_one_before() -> None:
    engine: Any = _Engine(1.0, 2.0)
    kills = Kills(engine, "c")
    assert kills.count(_state(), LATER) == 2
    engine.at += [6.0, 7.0]
    assert kills.count(_state(), LAST) == 4
    assert kills.count(_state(), LAST) == 4


def test_the_flag_of_the_state_is_at_least_one() -> None:
    engine: Any = _Engine()
    assert Kills(engine, "c").count(_state(killed=True), LATER) == 1
    assert Kills(engine, "c").count(_state(), LATER) == 0


def test_an_engine_without_such_events_tells_only_of_the_flag() -> None:
    engine: Any = _Engine(1.0, podman=True)
    assert Kills(engine, "c").count(_state(), LATER) is None
    assert Kills(engine, "c").count(_state(killed=True), LATER) == 1


def test_a_container_that_never_started_has_no_events() -> None:
    engine: Any = _Engine(1.0)
    state = {"OOMKilled": False, "StartedAt": "0001-01-01T00:00:00Z"}
    assert Kills(engine, "c").count(state, "0001-01-01T00:00:00Z") == 0
