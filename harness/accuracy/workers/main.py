"""The child process of one task: `python -m harness.accuracy.workers.main`.

A task is a module with `serve(fields) -> Handler`, where a handler is
`(fields, arrays) -> (fields, arrays)`. The first frame on standard input names the module and
carries its fields; every further frame is handled and answered on standard output. What a runtime
prints there is sent to standard error instead, so that no library can break the protocol.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.workers import frames
from harness.accuracy.workers.frames import Array

Handler = Callable[[dict[str, Any], dict[str, Array]], tuple[dict[str, Any], Mapping[str, Array]]]
_MESSAGE = 2_000  # characters of an error that are passed on
_OURS = {"ModelError": ModelError, "DatasetError": DatasetError}


def main() -> None:
    """Serve one task until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _contain()
    requests = sys.stdin.buffer
    handler: Handler | None = None
    while (request := _next(requests)) is not None:
        fields, arrays = request
        reply: tuple[dict[str, Any], Mapping[str, Array]]
        try:
            if handler is None:
                handler = importlib.import_module(fields["task"]).serve(fields["fields"])
                reply = {}, {}
            else:
                reply = handler(fields, arrays)
        except (Exception, MemoryError) as problem:
            reply = {"error": _explain(problem), "kind": type(problem).__name__}, {}
        for piece in frames.pack(*reply):
            answers.write(piece)
        answers.flush()


def _contain() -> None:
    """Let a runaway model hurt only this process, and end it with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard > memory:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")  # this one first, not the gate
    except OSError:
        print("oom_score_adj cannot be set here", file=sys.stderr)
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _next(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, Array]] | None:
    def read(size: int) -> bytes:
        data = stream.read(size)
        if len(data) < size:
            raise EOFError
        return data

    try:
        return frames.unpack(read)
    except EOFError:
        return None


def _explain(problem: BaseException) -> str:
    text = str(problem) or "no message"
    name = "" if type(problem).__name__ in _OURS else f"{type(problem).__name__}: "
    return (name + text)[:_MESSAGE]


if __name__ == "__main__":
    main()
