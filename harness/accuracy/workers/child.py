"""A task in a process of its own, as the gate sees it: frames in, frames out, deaths explained."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO, Any

from harness.accuracy.errors import DatasetError, ModelError, WorkerDied
from harness.accuracy.workers import frames
from harness.accuracy.workers.frames import Array
from harness.accuracy.workers.stage import VARIABLE, last

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "TZ", "VIRTUAL_ENV")
_STDERR_LINES = 5
_PIECE = 1 << 20
_HINTS = {
    signal.SIGKILL: "; the kernel does this when memory runs out",
    signal.SIGABRT: "; a runtime aborts on a model that it cannot bear, or out of memory",
    signal.SIGSEGV: "; the file is most likely corrupt, or made for another runtime",
    signal.SIGBUS: "; the file was most likely cut short",
    signal.SIGILL: "; the runtime needs processor instructions that are not there",
}


class Child:
    """One process with one task; `start` and `ask` are called from one thread.

    `task` is a module with `serve(fields)`: see `workers.main`. `about` is what messages blame
    until the child says more with `workers.stage`. `launcher` are words before the interpreter's,
    like an emulator and its options. Use it as a context, or `close` it.
    """

    def __init__(
        self,
        task: str,
        fields: Mapping[str, Any],
        *,
        about: str,
        launcher: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.about = about
        self._first = {"task": task, "fields": dict(fields)}
        self._launcher, self._extra = list(launcher), dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: deque[bytes] = deque(maxlen=64)
        self._stage: IO[bytes] | None = None

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.kill()
        self.close()

    def start(self, within: float) -> None:
        """Start the process and its task, in `within` seconds.

        Raises ModelError or DatasetError as the task does, and WorkerDied.
        """
        self._stage = tempfile.TemporaryFile()  # noqa: SIM115: closed in `close`
        number = self._stage.fileno()
        self._process = subprocess.Popen(
            [*self._launcher, sys.executable, "-P", "-m", "harness.accuracy.workers.main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[number],
            env={**_environment(), VARIABLE: str(number), **self._extra},
        )
        assert self._process.stderr and self._process.stdin
        os.set_blocking(self._process.stdin.fileno(), False)
        self._drain = threading.Thread(
            target=_drain, args=(self._process.stderr, self._errors), daemon=True
        )
        self._drain.start()
        self.ask(self._first, {}, within)

    def ask(
        self, fields: Mapping[str, Any], arrays: Mapping[str, Array], within: float
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """One frame there and one back. Raises ModelError, DatasetError, WorkerDied."""
        assert self._process and self._process.stdin and self._process.stdout
        deadline = time.monotonic() + within
        source = self._process.stdout.fileno()
        try:
            for piece in frames.pack(fields, arrays):
                _write(self._process.stdin.fileno(), piece, deadline)
            reply, answer = frames.unpack(lambda size: _read(source, size, deadline))
        except (EOFError, BrokenPipeError):
            raise WorkerDied(self._death()) from None
        except TimeoutError:
            self._process.kill()
            raise WorkerDied(
                f"{self._doing()}: no answer within {within:g} s, so its process was stopped"
            ) from None
        except (ValueError, KeyError, TypeError) as problem:
            self._process.kill()
            raise WorkerDied(
                f"{self._doing()}: the process that ran it answered nonsense: {problem}"
            ) from None
        if "error" in reply:
            kind = DatasetError if reply.get("kind") == "DatasetError" else ModelError
            blame = "" if kind is DatasetError else f"{self._doing()}: "
            raise kind(f"{blame}{reply['error']}")
        return reply, answer

    def kill(self) -> None:
        """End the process at once; from any thread, also while `ask` waits."""
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process; one that does not end by itself is killed."""
        if self._process is None:
            return
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._process.stdin.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._drain.join()
        self._process.stdout.close()
        self._process.stderr.close()
        self._process = None
        if self._stage is not None:
            self._stage.close()

    def _doing(self) -> str:
        """What the child was at, or what it is about."""
        return (self._stage is not None and last(self._stage.fileno())) or self.about

    def _death(self) -> str:
        """How the process ended, in one sentence, and the last that it said."""
        assert self._process
        try:
            code = self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._drain.join(1.0)
        if code < 0:
            name = signal.Signals(-code).name
            how = f"was killed by {name}{_HINTS.get(signal.Signals(-code), '')}"
        else:
            how = f"ended with code {code}"
        lines = b"".join(self._errors).decode("utf-8", "replace").strip().splitlines()
        said = "\n  ".join(line[:300] for line in lines[-_STDERR_LINES:])
        text = f"{self._doing()}: the process that ran it {how}"
        return f"{text}; it said last:\n  {said}" if said else text


def _environment() -> dict[str, str]:
    """No more than a runtime needs: tokens of the build are none of a model's business.

    And no word to its makers: ONNX Runtime reports on its use unless it is told not to.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {
        **kept,
        "PYTHONPATH": paths,
        "OMP_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _drain(stream: IO[bytes], lines: deque[bytes]) -> None:
    for line in iter(lambda: stream.readline(4096), b""):
        lines.append(line)


def _write(target: int, data: bytes | memoryview, deadline: float) -> None:
    view = memoryview(data)
    while view:
        _wait(target, select.POLLOUT, deadline)
        written = os.write(target, view[:_PIECE])
        view = view[written:]


def _read(source: int, size: int, deadline: float) -> bytearray:
    data = bytearray()
    while len(data) < size:
        _wait(source, select.POLLIN, deadline)
        piece = os.read(source, min(size - len(data), _PIECE))
        if not piece:
            raise EOFError
        data += piece
    return data


def _wait(file: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(file, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError
