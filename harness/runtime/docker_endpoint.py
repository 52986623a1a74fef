"""A running container as an Endpoint: its address, logs, resources and its end."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from collections.abc import Sequence
from typing import Any, cast

from harness.errors import EngineError
from harness.model import Exit, Usage
from harness.runtime.cgroup import NO_LIMIT, ControlGroups
from harness.runtime.docker_client import DockerClient, engine_errors
from harness.runtime.first import FirstProcess, of_container
from harness.runtime.kills import Kills

LOG_BYTES = 256 * 1024
_SIGKILLED = 128 + 9


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
        self._kills = Kills(client, container)
        self._ended: Exit | None = None
        self._removed = False
        self._last_logs = ""
        self._inside = port
        described = self._inspect()
        self._signal = described["Config"].get("StopSignal") or "SIGTERM"
        self._find(described)

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

        Once it does not run, only whether it was killed for memory. Raises EngineError.
        """
        at = time.monotonic()
        seen = self._groups.usage(at) if self._groups is not None else None
        if seen is not None or self._removed:
            return seen or Usage(at=at)
        described = self._inspect()
        state = described["State"]
        if not state.get("Running"):
            ended = str(state.get("FinishedAt"))
            return Usage(at=at, oom_kills=self._kills.count(state, ended))
        with engine_errors("statistics of the candidate"):
            stats = self._client.api.stats(self.container, stream=False, one_shot=True)
        return replace(
            usage_of(stats, time.monotonic()),
            oom_kills=self._kills.count(state, str(stats.get("read"))),
            restarts=described.get("RestartCount"),
        )

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
        earlier = self.usage().oom_kills or 0
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
        code = None if killed else int(state["ExitCode"])
        # The flag also tells of a worker that was killed long ago, under a parent that lived on.
        fatal = bool(state.get("OOMKilled")) and (code == _SIGKILLED or not earlier)
        self._ended = Exit(code=code, seconds=seconds, killed=killed, oom_killed=fatal)
        return self._ended

    def bind(self, processors: Sequence[int]) -> None:
        """Let it run on these processors of the host alone. Raises EngineError."""
        told = ",".join(map(str, processors))
        with engine_errors("processors of the candidate's container"):
            self._client.api.update_container(self.container, cpuset_cpus=told)

    def pause(self) -> None:
        """By the engine, for all of its processes. Raises EngineError."""
        with engine_errors("pause of the candidate's container"):
            self._client.api.pause(self.container)

    def unpause(self) -> None:
        """Likewise."""
        with engine_errors("end of the pause of the candidate's container"):
            self._client.api.unpause(self.container)

    def restart(self) -> None:
        """Start the same container again, on a port that may be another one. Raises EngineError."""
        self.started_at = time.monotonic()
        with engine_errors("second start of the candidate's container"):
            self._client.api.start(self.container)
        self._ended = None
        self._find(self._inspect())

    def first_process(self) -> FirstProcess | None:
        """As the engine lists it; with its pid where that is one of this machine's."""
        described = self._inspect()
        if not described["State"].get("Running"):
            return None
        listed: list[tuple[int, str]] = []
        with contextlib.suppress(EngineError, ValueError), engine_errors("list of processes"):
            rows = self._client.api.top(self.container, ps_args="-eo pid,args")["Processes"]
            listed = [(int(row[0]), str(row[-1])) for row in rows]
        return of_container(described, listed, local=self._groups is not None, stop=self._signal)

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

    def _find(self, described: dict[str, Any]) -> None:
        """Where it listens, and where its resources are counted, since its last start."""
        pid = int(described["State"].get("Pid") or 0)
        self._groups = ControlGroups.find(pid, self.container)
        self._port = _published(described, self._inside)

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
        memory_peak_bytes=memory.get("max_usage"),
        cache_bytes=inactive,
        periods=throttling.get("periods"),
        throttled_periods=throttling.get("throttled_periods"),
        threads=(stats.get("pids_stats") or {}).get("current"),
    )


def _exit_of(state: dict[str, Any]) -> Exit | None:
    refused = state.get("Status") == "created" and bool(state.get("ExitCode"))
    if state.get("Running") or not (refused or state.get("Status") in ("exited", "dead")):
        return None
    return Exit(code=int(state["ExitCode"]), seconds=0.0, oom_killed=bool(state.get("OOMKilled")))


def _published(described: dict[str, Any], port: int) -> int:
    bound = (described["NetworkSettings"].get("Ports") or {}).get(f"{port}/tcp") or []
    return next((int(b["HostPort"]) for b in bound if b.get("HostIp") == "127.0.0.1"), 0)
