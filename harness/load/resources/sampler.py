"""Sampling the endpoint's resources beside the load."""

from __future__ import annotations

from typing import Protocol

from harness.model import Usage
from harness.repeating import Repeating

EVERY = 0.5  # seconds
_MOST_FAILURES = 10  # in a row: then there is nobody left to ask


class _Used(Protocol):
    def usage(self) -> Usage: ...


class Sampler(Repeating):
    """Asks the endpoint for its usage, in a thread, while the block runs."""

    def __init__(self, endpoint: _Used, every: float = EVERY) -> None:
        """`every` is the pause between two looks, seconds."""
        self._endpoint = endpoint
        self._every = every
        self._samples: list[Usage] = []
        super().__init__("load-usage", patience=5.0)
        self.problem = ""  # why the runtime could not tell, when it last could not

    @property
    def samples(self) -> tuple[Usage, ...]:
        """In order of time."""
        return tuple(self._samples)

    def repeat(self) -> None:
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
            last = self.over.wait(self._every)
