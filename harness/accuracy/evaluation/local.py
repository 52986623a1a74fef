"""Blocks on this machine: child processes of one thread each, counts in the order asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

from harness.accuracy.counting import Counts
from harness.accuracy.evaluation.job import Job, Pair
from harness.accuracy.workers import Array, Child

PAIR_TASK = "harness.accuracy.evaluation.pair"
_START_WITHIN = 300.0  # seconds; tensorflow alone takes five on a good day
_BLOCK_WITHIN = 600.0  # seconds for one block
_AHEAD = 4  # blocks for each process between the one waited for and the last one begun


def cores() -> int:
    """How many processes this one may keep busy."""
    return len(os.sched_getaffinity(0))


def run_blocks(
    job: Job, indices: Iterable[int], processes: int | None = None
) -> Iterator[tuple[int, Counts]]:
    """Each of `indices` with the counts of its block, in the order given, as they are done.

    At most `processes` children work, by default one a core. Closing the iterator ends them.
    Raises ModelError, DatasetError, WorkerDied: that of the first block in order that has one.
    """
    with Workers(job.pair) as workers:
        yield from workers.blocks(job, list(indices), processes)


class Workers:
    """Children that all open the same pair, started when they are needed. Use it as a context."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self._children: dict[int, Child] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all of them."""
        self._kill()
        for child in self._children.values():
            child.close()
        self._children.clear()

    def probe(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """What `pair` tells of itself. Raises ModelError, DatasetError, WorkerDied."""
        return self._child(0).ask({"op": "probe"}, {}, _BLOCK_WITHIN)

    def blocks(
        self, job: Job, indices: Sequence[int], processes: int | None = None
    ) -> Generator[tuple[int, Counts], None, None]:
        """As `run_blocks`; may be called once."""
        number = min(processes or cores(), len(indices))
        board = _Board(indices, _AHEAD * number)
        threads = [
            threading.Thread(target=self._work, args=(i, job, board), daemon=True)
            for i in range(number)
        ]
        for thread in threads:
            thread.start()
        try:
            yield from board.results()
        finally:
            board.close()
            for thread in threads:
                while thread.is_alive():  # a child may be started at this very moment
                    self._kill()
                    thread.join(0.1)

    def _work(self, number: int, job: Job, board: _Board) -> None:
        """One child's life: blocks as long as there are any, up to the first that fails."""
        child: Child | None = None
        while (place := board.take()) is not None:
            try:
                if child is None:
                    child = self._child(number)
                    child.ask({"op": "job", "job": job.fields()}, {}, _START_WITHIN)
                asked = {"op": "block", "index": board.indices[place]}
                board.put(place, Counts.of(*child.ask(asked, {}, _BLOCK_WITHIN)))
            except BaseException as problem:  # whoever waits for the block is told
                board.put(place, problem)
                return

    def _child(self, number: int) -> Child:
        """The child of that number, started where it is new."""
        if number in self._children:
            return self._children[number]
        about = f"{self.pair.reference.name} and {self.pair.candidate.name}"
        child = Child(PAIR_TASK, {"pair": self.pair.fields()}, about=about)
        self._children[number] = child
        child.start(_START_WITHIN)
        return child

    def _kill(self) -> None:
        """End every child at once: a block that nobody waits for is not finished."""
        for child in list(self._children.values()):
            child.kill()


class _Board:
    """Which block is next, and what became of those that were taken."""

    def __init__(self, indices: Sequence[int], ahead: int) -> None:
        self.indices = indices
        self._ahead = ahead
        self._taken = self._given = 0
        self._closed = False
        self._done: dict[int, Counts | BaseException] = {}
        self._changed = threading.Condition()

    def take(self) -> int | None:
        """The next place in `indices`, or None: nothing is left, or nobody waits any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._taken - self._given < self._ahead)
            if self._closed or self._taken == len(self.indices):
                return None
            self._taken += 1
            return self._taken - 1

    def put(self, place: int, result: Counts | BaseException) -> None:
        """The counts of a block, or why there are none."""
        with self._changed:
            self._done[place] = result
            self._changed.notify_all()

    def results(self) -> Iterator[tuple[int, Counts]]:
        """Index and counts of every block, in order. Raises what a block has raised."""
        for place, index in enumerate(self.indices):
            with self._changed:
                while place not in self._done:
                    self._changed.wait()
                result = self._done.pop(place)
                self._given = place + 1
                self._changed.notify_all()
            if isinstance(result, BaseException):
                raise result
            yield index, result

    def close(self) -> None:
        """Let nobody take another block."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
