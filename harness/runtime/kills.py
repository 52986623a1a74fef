"""Kills for memory as the engine saw them, for machines that do not show the control groups."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from harness.runtime.docker_client import DockerClient, engine_errors


class Kills:
    """Counts one container's, from look to look.

    The engine's events tell of every process, also of a worker whose parent lives on, where the
    container's state mostly tells of the first process alone. But it keeps few events: each look
    asks for those since the one before.
    """

    def __init__(self, client: DockerClient, container: str) -> None:
        self._client = client
        self._container = container
        self._until = 0.0  # of the last look, in the engine's own time
        self._count = 0

    def count(self, state: dict[str, Any], now: str) -> int | None:
        """How many since the container was made; None where the engine has no such events.

        `state` is the container's, `now` the engine's time as it writes it. Raises EngineError.
        """
        flag = int(bool(state.get("OOMKilled")))
        if self._client.podman:
            return flag or None
        since, until = max(self._until, _seconds(state.get("StartedAt"))), _seconds(now)
        if until > since > 0:
            wanted = {"container": [self._container], "event": ["oom"]}
            with engine_errors("events of the candidate"):
                found = self._client.api.events(since, until, wanted, decode=True)
                self._count += sum(1 for _ in found)
            self._until = until
        return max(flag, self._count)


def _seconds(written: str | None) -> float:
    """`2026-01-31T08:00:00.123456789Z` in seconds since 1970; zero where there is none."""
    try:
        return max(0.0, datetime.fromisoformat(written or "").timestamp())
    except (ValueError, OverflowError):
        return 0.0
