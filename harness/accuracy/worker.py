"""The child process that runs one model: `python -m harness.accuracy.worker`.

It reads frames from standard input and answers on standard output. What a runtime prints there is
sent to standard error instead, so that no library can break the protocol.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from harness.accuracy import frames
from harness.accuracy.backends.base import Array, Session, fit
from harness.accuracy.errors import ModelError

_MESSAGE = 2_000  # characters of an error that are passed on


def main() -> None:
    """Serve one model until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _contain()
    requests = sys.stdin.buffer
    session: Session | None = None
    chosen = ""
    while (request := _next(requests)) is not None:
        fields, feeds = request
        reply: tuple[dict[str, Any], dict[str, Array]]
        try:
            if fields["op"] == "load":
                session = _load(fields)
                reply = {"runtime": session.runtime, "fixed_batch": session.fixed_batch}, {}
            else:
                assert session is not None, "run before load"
                started = time.perf_counter()
                outputs = _run(session, feeds, int(fields["batch"]))
                seconds = time.perf_counter() - started
                chosen = chosen or choose(outputs)
                reply = {"seconds": seconds}, {"output": _plain(outputs[chosen])}
        except (Exception, MemoryError) as problem:
            reply = {"error": _explain(problem)}, {}
        for piece in frames.pack(*reply):
            answers.write(piece)
        answers.flush()


def choose(outputs: Mapping[str, Array]) -> str:
    """Name of the output to compare: the only one, or the only one with a score for each class.

    Raises ModelError where that is not clear.
    """
    if len(outputs) == 1:
        return next(iter(outputs))
    scores = [name for name, value in outputs.items() if value.dtype.kind == "f" and value.ndim > 1]
    if len(scores) == 1:
        return scores[0]
    shown = ", ".join(f"{name} {value.dtype}{value.shape[1:]}" for name, value in outputs.items())
    raise ModelError(
        f"has {len(outputs)} outputs ({shown}), expected one, or one with a score for each class"
    )


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


def _load(fields: Mapping[str, Any]) -> Session:
    backend = importlib.import_module(fields["module"])
    session: Session = backend.load(Path(fields["path"]), int(fields["batch"]))
    return session


def _run(session: Session, feeds: Mapping[str, Array], batch: int) -> dict[str, Array]:
    bound = _bind(session, feeds)
    rows = len(next(iter(bound.values())))
    size = session.fixed_batch or batch
    pieces = []
    for start in range(0, rows, size):
        end = start + size
        part = {name: values[start:end] for name, values in bound.items()}
        wanted = min(size, rows - start)
        if wanted < size and session.fixed_batch:
            part = {name: _padded(values, size) for name, values in part.items()}
        outputs = session.run(part)
        pieces.append({name: _rows(name, value, wanted) for name, value in outputs.items()})
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _bind(session: Session, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Columns to inputs: by name, or the only one to the only one."""
    slots = session.inputs
    if len(slots) == len(feeds) == 1:
        return {slots[0].name: fit(next(iter(feeds.values())), slots[0])}
    names = [slot.name for slot in slots]
    if set(names) != set(feeds):
        raise ModelError(f"has the inputs {', '.join(names)}, but is given {', '.join(feeds)}")
    return {slot.name: fit(feeds[slot.name], slot) for slot in slots}


def _padded(values: Array, size: int) -> Array:
    return np.concatenate([values, np.repeat(values[-1:], size - len(values), axis=0)])


def _rows(name: str, value: Array, wanted: int) -> Array:
    if value.ndim == 0 or len(value) < wanted:
        raise ModelError(f"output {name!r} has shape {value.shape}, expected {wanted} rows")
    return value[:wanted]


def _plain(values: Array) -> Array:
    """An array that a frame can carry: text as text, exotic floats as float32."""
    if values.dtype.kind == "O":
        decoded = [_text(value) for value in values.ravel()]
        return np.asarray(decoded, dtype=str).reshape(values.shape)
    return values if values.dtype.kind in "biufUS" else values.astype(np.float32)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _explain(problem: BaseException) -> str:
    text = str(problem) or "no message"
    name = "" if isinstance(problem, ModelError) else f"{type(problem).__name__}: "
    return (name + text)[:_MESSAGE]


if __name__ == "__main__":
    main()
