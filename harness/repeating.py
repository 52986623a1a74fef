"""Something that is done again and again in a thread of its own while a block runs."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self


class Repeating:
    """A context: `repeat` runs in a thread meanwhile, and ends soon after `over` is set."""

    def __init__(self, name: str, patience: float | None = None) -> None:
        """`patience`: seconds to wait for the thread at the end, None: until it has ended."""
        self.over = threading.Event()
        self._patience = patience
        self._thread = threading.Thread(target=self.repeat, daemon=True, name=name)

    def repeat(self) -> None:
        """The work; it waits between two turns by `self.over.wait`."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over.set()
        self._thread.join(self._patience)
