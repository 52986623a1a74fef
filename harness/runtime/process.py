"""Candidates as local processes, for machines without an engine: not sandboxed."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import EngineError
from harness.model import Candidate, Exit, Usage
from harness.runtime import watchdog
from harness.runtime.endpoint import Sandbox
from harness.runtime.first import FirstProcess, hears
from harness.runtime.ports import free_port
from harness.runtime.reaper import Reaper

if TYPE_CHECKING:
    import psutil

    from harness.config import Gate

LOG_BYTES = 256 * 1024
_INHERITED = ("PATH", "HOME", "LANG")
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126  # as a shell has it


class ProcessRuntime:
    """Runs `candidate.command` in its own session, from the folder of gate.toml."""

    name = "process"

    def __init__(self, gate: Gate) -> None:
        """Nothing is started yet."""
        self._gate = gate
        self._lock = threading.Lock()
        self._reaper: Reaper | None = None
        self._endpoints: list[ProcessEndpoint] = []
        self._closed = False

    def resolve(self) -> Candidate:
        """The command line is the reference; a process has no digest."""
        return Candidate(self._gate.candidate.name, shlex.join(self._command()))

    def start(self, sandbox: Sandbox = Sandbox()) -> ProcessEndpoint:
        """Start an instance. Raises EngineError for a sandbox, which a process cannot be given."""
        if sandbox != Sandbox():
            raise EngineError(
                f"a local process cannot be given {sandbox}: run the candidate from an image"
            )
        port = free_port()
        config = self._gate.candidate
        inherited = {key: os.environ[key] for key in _INHERITED if key in os.environ}
        environment = {**inherited, **config.environment, "PORT": str(port)}
        command = [part.replace("{port}", str(port)) for part in self._command()]
        with self._lock:
            if self._closed:
                raise EngineError("the runtime is closed: nothing more can be started in it")
            if self._reaper is None:
                self._reaper = Reaper()
            endpoint = ProcessEndpoint(
                command, port, environment, str(self._gate.root), self._reaper
            )
            self._endpoints.append(endpoint)
        return endpoint

    def image(self) -> None:
        """A process has no image."""

    def close(self) -> None:
        """Kill what still runs, and let the watchdog go."""
        with self._lock:
            self._closed = True
            for endpoint in self._endpoints:
                endpoint.remove()
            if self._reaper is not None:
                self._reaper.close()

    def _command(self) -> list[str]:
        return list(self._gate.candidate.command or [])


class ProcessEndpoint:
    """One instance: a process group whose leader is the command."""

    offline = False

    def __init__(
        self, command: list[str], port: int, environment: dict[str, str], cwd: str, reaper: Reaper
    ) -> None:
        """Start it. A command that cannot be executed is an endpoint that ended with 126 or 127."""
        self.base_url = f"http://127.0.0.1:{port}"
        self._command, self._environment, self._cwd = command, environment, cwd
        self._log = _Tail()
        self._reaper = reaper
        self._begin()

    def _begin(self) -> None:
        self.started_at = time.monotonic()
        self._ended: Exit | None = None
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._cwd,
                start_new_session=True,
            )
        except OSError as problem:
            self._log.add(f"{shlex.join(self._command)}: {problem.strerror or problem}\n".encode())
            missing = isinstance(problem, FileNotFoundError)
            self._ended = Exit(code=_NOT_FOUND if missing else _NOT_EXECUTABLE, seconds=0.0)
            return
        self._started = watchdog.start_mark(self._process.pid)
        self._reaper.guard_group(self._process.pid)
        self._log.follow(self._process)

    def running(self) -> bool:
        """Whether the command itself still runs."""
        return self._process is not None and self._process.poll() is None

    def logs(self) -> str:
        """Both streams, the last 256 KiB, undecodable bytes replaced."""
        if not self.running():
            self._log.settle()
        return self._log.text()

    def usage(self) -> Usage:
        """Sums over the command and its children; memory is resident: shared pages count twice."""
        import psutil

        at = time.monotonic()
        if self._process is None or not self.running():
            return Usage(at=at)
        try:
            leader = psutil.Process(self._process.pid)
            seen = [one for one in map(_resources, _family(leader)) if one is not None]
        except psutil.Error:
            return Usage(at=at)
        if not seen:
            return Usage(at=at)
        cpu, memory, threads, fds = (sum(column) for column in zip(*seen, strict=True))
        used, tasks, files = int(memory), int(threads), int(fds)
        return Usage(at=at, cpu_s=cpu, memory_bytes=used, threads=tasks, fds=files)

    def exit(self) -> Exit | None:
        """How it ended; a signal is 128 plus its number, as an engine has it."""
        if self._ended is None and self._process is not None and not self.running():
            self._ended = Exit(code=_code(self._process.returncode), seconds=0.0)
        return self._ended

    def stop(self, grace: float) -> Exit:
        """SIGTERM to the command alone, as an engine does; after `grace` seconds SIGKILL to all."""
        before = self.exit()
        if before is not None or self._process is None:
            return before or Exit(code=None, seconds=0.0)
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        killed = False
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            killed = True
            self._kill()
        code = None if killed else _code(self._process.returncode)
        self._ended = Exit(code=code, seconds=time.monotonic() - began, killed=killed)
        self._kill()  # children that outlived their parent
        return self._ended

    def bind(self, processors: Sequence[int]) -> None:
        """For the threads that it has now, and those that they will start."""
        import psutil

        if self._process is None or not self.running():
            return
        with contextlib.suppress(psutil.Error, ProcessLookupError):  # one has just ended
            for one in _family(psutil.Process(self._process.pid)):
                for thread in one.threads():
                    os.sched_setaffinity(thread.id, processors)

    def pause(self) -> None:
        """Its whole group."""
        self._signal(signal.SIGSTOP)

    def unpause(self) -> None:
        """Likewise."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start the same command again, on the same port and in the same folder."""
        self.remove()
        self._begin()

    def first_process(self) -> FirstProcess | None:
        """The command itself, with its children."""
        import psutil

        if self._process is None or not self.running():
            return None
        pid = self._process.pid
        try:
            lines = [" ".join(one.cmdline()) for one in _family(psutil.Process(pid))]
        except psutil.Error:
            return None
        return FirstProcess(lines[0], tuple(lines[1:]), pid, hears(pid))

    def remove(self) -> None:
        """Kill what is left of the group; logs and end stay readable."""
        if self._process is None:
            return
        self.exit()
        self._kill()
        self._reaper.forget_group(self._process.pid)
        self._log.settle()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.running():
            os.killpg(self._process.pid, number)

    def _kill(self) -> None:
        if self._process is not None:
            watchdog.kill_group(self._process.pid, self._started)
            self._process.wait()


class _Tail:
    """The last bytes of a stream, read by a thread so that the candidate never waits for us."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def follow(self, process: subprocess.Popen[bytes]) -> None:
        """Read the standard output of `process` until its last writer has closed it."""
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def add(self, data: bytes) -> None:
        """Append, and forget what is too old."""
        with self._lock:
            self._kept += data
            del self._kept[:-LOG_BYTES]

    def text(self) -> str:
        """What is kept."""
        with self._lock:
            return self._kept.decode("utf-8", "replace")

    def settle(self) -> None:
        """Wait a moment for the last words of a process that has ended."""
        if self._thread is not None:
            self._thread.join(0.5)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            while data := os.read(stream.fileno(), 1 << 16):
                self.add(data)


def _family(leader: psutil.Process) -> list[psutil.Process]:
    return [leader, *leader.children(recursive=True)]


def _resources(process: psutil.Process) -> tuple[float, int, int, int] | None:
    """CPU seconds, with those of children that were waited for; resident bytes; threads; files."""
    import psutil

    try:
        with process.oneshot():
            times = process.cpu_times()
            cpu = times.user + times.system + times.children_user + times.children_system
            memory, threads = process.memory_info().rss, process.num_threads()
            return cpu, memory, threads, process.num_fds()
    except psutil.Error:
        return None  # it ended between being listed and being looked at


def _code(returncode: int) -> int:
    return 128 - returncode if returncode < 0 else returncode
