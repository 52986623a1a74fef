"""Sampling the endpoint's resources beside the load."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Protocol

from harness.model import Usage

EVERY = 0.5  # seconds
_MOST_FAILURES = 10  # in a row: then there is nobody left to ask


class _Used(Protocol):
    def usage(self) -> Usage: ...


class Sampler:
    """Asks the endpoint for its usage, in a thread, while the block runs."""

    def __init__(self, endpoint: _Used, every: float = EVERY) -> None:
        """`every` is the pause between two looks, seconds."""
        self._endpoint = endpoint
        self._every = every
        self._samples: list[Usage] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="load-usage")
        self.problem = ""  # why the runtime could not tell, when it last could not

    @property
    def samples(self) -> tuple[Usage, ...]:
        """In order of time."""
        return tuple(self._samples)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=5.0)

    def _work(self) -> None:
        """A last look after the word to stop: what was killed just now is counted, too."""
        failures, last = 0, False
        while failures < _MOST_FAILURES:
            try:
                self._samples.append(self._endpoint.usage())
                failures = 0
            except Exception as problem:  # of any runtime: the run is worth more than a sample
                self.problem = f"{type(problem).__name__}: {problem}"
                failures += 1
            if last:
                return
            last = self._stop.wait(self._every)
