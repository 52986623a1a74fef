"""How often somebody may ask: a bucket that fills steadily, for each token or address."""

from __future__ import annotations

import time
from collections.abc import Callable

_MANY = 10_000


class Buckets:
    """One bucket for each asker, which holds a second's worth and at least one request.

    Each process of the service counts for itself.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_second
        self._room = max(1.0, per_second)
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}  # asker -> (requests left, when)

    def take(self, who: str) -> float:
        """Take one request: 0 where there was one, else the seconds until there is one."""
        now = self._clock()
        left, when = self._left.get(who, (self._room, now))
        left = min(self._room, left + (now - when) * self._rate)
        if left < 1.0:
            return (1.0 - left) / self._rate
        if len(self._left) >= _MANY:
            self._forget(now)
        self._left[who] = (left - 1.0, now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Leave out whoever's bucket is full again; where all of them ask on, everybody's."""
        fills = self._room / self._rate
        self._left = {who: row for who, row in self._left.items() if now - row[1] < fills}
        if len(self._left) >= _MANY:
            self._left.clear()
