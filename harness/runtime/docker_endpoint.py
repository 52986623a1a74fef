"""A running container as an Endpoint: its address, logs, resources and its end."""

from __future__ import annotations

import contextlib
import time
from typing import Any, cast

from harness.errors import EngineError
from harness.model import Exit, Usage
from harness.runtime.cgroup import NO_LIMIT, ControlGroups
from harness.runtime.docker_client import DockerClient, engine_errors

LOG_BYTES = 256 * 1024


class DockerEndpoint:
    """One instance of an image. Stays readable after its end and after its removal."""

    def __init__(
        self, client: DockerClient, container: str, port: int, *, offline: bool, started_at: float
    ) -> None:
        """`started_at` is `time.monotonic()` seconds; `offline` whether there is no way out."""
        self.offline = offline
        self.started_at = started_at
        self.container = container
        self._client = client
        self._ended: Exit | None = None
        self._removed = False
        self._last_logs = ""
        described = self._inspect()
        self._groups = ControlGroups.find(int(described["State"].get("Pid") or 0), container)
        self._signal = described["Config"].get("StopSignal") or "SIGTERM"
        self._port = _published(described, port)

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:port`; port 0 if it died before it had one."""
        return f"http://127.0.0.1:{self._port}"

    def running(self) -> bool:
        """Whether it still runs. Raises EngineError."""
        return not self._removed and bool(self._inspect()["State"].get("Running"))

    def logs(self) -> str:
        """Both streams, the last 256 KiB, undecodable bytes replaced. Raises EngineError."""
        if self._removed:
            return self._last_logs
        with engine_errors("logs of the candidate"):
            raw: bytes = self._client.api.logs(self.container, stdout=True, stderr=True)
        text = raw[-LOG_BYTES:].decode("utf-8", "replace")
        refused = str(self._inspect()["State"].get("Error") or "")
        return f"{text}{refused}\n" if refused else text

    def usage(self) -> Usage:
        """From the control groups where they can be read, else from the engine, within a second.

        All None once it does not run.
        """
        at = time.monotonic()
        seen = self._groups.usage(at) if self._groups is not None else None
        if seen is not None or self._removed:
            return seen or Usage(at=at)
        if not self.running():
            return Usage(at=at)
        with engine_errors("statistics of the candidate"):
            stats = self._client.api.stats(self.container, stream=False, one_shot=True)
        return usage_of(stats, time.monotonic())

    def exit(self) -> Exit | None:
        """How it ended, or None while it runs."""
        if self._ended is None and not self._removed:
            self._ended = _exit_of(self._inspect()["State"])
        return self._ended

    def stop(self, grace: float) -> Exit:
        """The image's stop signal (SIGTERM), `grace` seconds, SIGKILL. Raises EngineError."""
        before = self.exit()
        if before is not None:
            return before
        began = time.monotonic()
        self._kill(self._signal)
        ended = self._wait(began + grace)
        killed = not ended
        if killed:
            self._kill("SIGKILL")
            if not self._wait(time.monotonic() + 10.0):
                raise EngineError("the candidate's container does not end on SIGKILL")
        seconds = time.monotonic() - began
        state = self._inspect()["State"]
        self._ended = Exit(
            code=None if killed else int(state["ExitCode"]),
            seconds=seconds,
            killed=killed,
            oom_killed=bool(state.get("OOMKilled")),
        )
        return self._ended

    def remove(self) -> None:
        """Remove it with its volumes; its logs and its end are kept. Raises EngineError."""
        if self._removed:
            return
        with contextlib.suppress(EngineError):
            self._last_logs = self.logs()
            self.exit()
        from docker.errors import NotFound

        with engine_errors("removal of the candidate's container"), contextlib.suppress(NotFound):
            self._client.api.remove_container(self.container, force=True, v=True)
        self._removed = True

    def _inspect(self) -> dict[str, Any]:
        with engine_errors("the candidate's container"):
            return cast(dict[str, Any], self._client.api.inspect_container(self.container))

    def _kill(self, signal: str) -> None:
        from docker.errors import APIError

        with contextlib.suppress(APIError):  # it has just ended by itself
            self._client.api.kill(self.container, signal=signal)

    def _wait(self, until: float) -> bool:
        """Whether it ended by then; looked at every 10 ms, as the time to end is a measurement."""
        while self.running():
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
        return True


def usage_of(stats: dict[str, Any], at: float) -> Usage:
    """The engine's statistics as a Usage; works for both versions of control groups.

    Memory is the working set, usage less inactive page cache, as `docker stats` has it.
    """
    cpu, memory = stats.get("cpu_stats") or {}, stats.get("memory_stats") or {}
    if "usage" not in memory:
        return Usage(at=at)
    detail = memory.get("stats") or {}
    inactive = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    limit = memory.get("limit")
    throttling = cpu.get("throttling_data") or {}
    total = (cpu.get("cpu_usage") or {}).get("total_usage")
    return Usage(
        at=at,
        cpu_s=None if total is None else total / 1e9,
        memory_bytes=max(0, memory["usage"] - inactive),
        memory_limit_bytes=limit if limit and limit < NO_LIMIT else None,
        periods=throttling.get("periods"),
        throttled_periods=throttling.get("throttled_periods"),
        processes=(stats.get("pids_stats") or {}).get("current"),
    )


def _exit_of(state: dict[str, Any]) -> Exit | None:
    refused = state.get("Status") == "created" and bool(state.get("ExitCode"))
    if state.get("Running") or not (refused or state.get("Status") in ("exited", "dead")):
        return None
    return Exit(code=int(state["ExitCode"]), seconds=0.0, oom_killed=bool(state.get("OOMKilled")))


def _published(described: dict[str, Any], port: int) -> int:
    bound = (described["NetworkSettings"].get("Ports") or {}).get(f"{port}/tcp") or []
    return next((int(b["HostPort"]) for b in bound if b.get("HostIp") == "127.0.0.1"), 0)
