"""One phase cut into a part for each worker, and the parts' rows put together again."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from harness.load.locustside import layout

Command = dict[str, Any]


def cut(command: Command, n: int, turn: int) -> list[Command | None]:
    """A phase's command for each of `n` workers; None where a worker has no part in it.

    The planned starts of an open phase are dealt out in turn (`every`), and so are the requests,
    from number `turn` on: together the workers ask the same, at the same planned starts, as one
    process would. Blocks ask one request at a time, which is work for one worker.
    """
    if command["kind"] == "blocks":
        return [command, *[None] * (n - 1)]
    each = [command | {"first": command.get("first", turn) + i, "step": n} for i in range(n)]
    if command["kind"] == "open":
        return [mine | {"users": max(1, share(mine["users"], n, i))} for i, mine in enumerate(each)]
    parts: list[Command | None] = []
    for i, mine in enumerate(each):
        takers = share(command["concurrency"], n, i)
        requests = command["requests"]
        most = None if requests is None else share(requests, n, i)
        idle = takers == 0 or most == 0
        parts.append(None if idle else mine | {"concurrency": takers, "requests": most})
    return parts


def share(total: int, n: int, i: int) -> int:
    """The `i`-th of `n` nearly equal parts, which add up to `total`."""
    return total // n + (i < total % n)


def every(schedule: array[float], n: int, i: int) -> array[float]:
    """The planned starts of worker `i` of `n`: of a Poisson process, a Poisson process again."""
    return schedule[i::n]


class Clock:
    """Moments on one worker's clock, told as moments on the master's, for one phase.

    The two clocks need not agree: a moment is taken from the worker's own zero of the phase and
    put at the master's. What was planned becomes exactly the master's own plan again, to the bit.
    """

    def __init__(self, theirs: float, ours: float, schedule: array[float] | None) -> None:
        """The phase's zero on both clocks, s; `schedule`: the worker's planned starts from it."""
        self._shift = ours - theirs
        self._theirs, self._ours = theirs, ours
        self._schedule = schedule

    def moment(self, at: float) -> float:
        """Any moment."""
        return at + self._shift

    def planned(self, at: float) -> float:
        """The planned start of a ticket."""
        schedule = self._schedule
        if not schedule:
            return at + self._shift
        wanted = at - self._theirs
        index = bisect_left(schedule, wanted)
        if index == len(schedule) or (
            index and wanted - schedule[index - 1] < schedule[index] - wanted
        ):
            index -= 1
        return self._ours + schedule[index]


def rows(data: bytes) -> Any:
    """Iterator over a slice of a record, rows as tuples in the order of `layout.ROW`."""
    return layout.ROW.iter_unpack(data)


def busiest(before: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]) -> float:
    """Share of a core that the busiest worker used between two beats, (at, cpu) in seconds each."""
    return max(
        ((c - a) / (t - s) for (s, a), (t, c) in zip(before, after, strict=True) if t > s),
        default=0.0,
    )


def added_up(kinds: Sequence[Sequence[Sequence[Any]]]) -> list[list[Any]]:
    """Counts of failures [name, status, reason, count] of several workers, by kind."""
    total: dict[tuple[Any, ...], int] = {}
    for one in kinds:
        for *key, count in one:
            total[tuple(key)] = total.get(tuple(key), 0) + count
    return [[*key, count] for key, count in total.items()]
