"""Slow parts of a run: each is begun once, on a thread of its own, whoever asks for it first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Value = TypeVar("Value")


class Parts:
    """Parts by name. Everybody waits for the same result, or for the same exception."""

    def __init__(self) -> None:
        self._futures: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, work: Callable[[], Value]) -> Future[Value]:
        """The future of a part, which is begun where nobody has asked for it yet."""
        with self._lock:
            part = self._futures.get(name)
            if part is not None:
                return part
            part = self._futures[name] = Future()
        # A daemon: an interrupted run must not wait for an engine that is busy.
        threading.Thread(target=_fulfil, args=(part, work), name=name, daemon=True).start()
        return part

    def get(self, name: str, work: Callable[[], Value]) -> Value:
        """The result of a part, waited for; what it raised is raised here."""
        return self.begin(name, work).result()

    def done(self, name: str) -> Any:
        """The result of a part that has come to one, else None; it is not waited for."""
        part = self._futures.get(name)
        if part is None or not part.done() or part.exception() is not None:
            return None
        return part.result()

    def let_end(self, *names: str) -> None:
        """Wait for the parts that were begun, however they end."""
        for name in names:
            part = self._futures.get(name)
            if part is not None:
                part.exception()


def _fulfil(part: Future[Value], work: Callable[[], Value]) -> None:
    try:
        part.set_result(work())
    except BaseException as problem:
        part.set_exception(problem)
