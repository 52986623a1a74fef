"""What the ledger said, kept for as long as nobody has written into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Memory:
    """Values by key, each from one state of the ledger. Any thread may ask.

    `changes` is the ledger's: a number that is another one after every write, or None where
    that cannot be known cheaply; then nothing is remembered.
    """

    def __init__(self, changes: Callable[[], int | None], size: int) -> None:
        self.state = changes
        self._size = size
        self._kept: dict[Any, tuple[int, float, Any]] = {}

    def get(self, key: Any, state: int | None, now: float) -> Any:
        """The value of a key in this state of the ledger at `now` (seconds); None: not known."""
        kept = self._kept.get(key)
        if kept is None or kept[0] != state or now >= kept[1]:
            return None
        return kept[2]

    def put(self, key: Any, state: int | None, until: float, value: Any) -> None:
        """Keep a value that was asked for in this state, at most until then (seconds)."""
        if state is None:
            return
        if len(self._kept) >= self._size:
            self._kept.clear()  # a working set that is larger than this gains nothing by care
        self._kept[key] = (state, until, value)
