"""Blocks on a Dask cluster: `engine = "dask://scheduler:8786"`.

A task is a few blocks. The scheduler gives the tasks of a worker that died to another one, and
each block's counts are taken once, in the order of the blocks: nothing is lost or counted twice.
Workers need releasegate and the same files under the same paths. A cluster runs what its users
send it: everybody who reaches the scheduler must be trusted.
"""

from __future__ import annotations

import io
import uuid
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from harness import __version__, cpuinfo
from harness.accuracy.counting import Counts
from harness.accuracy.errors import WorkerDied
from harness.accuracy.evaluation import Job
from harness.accuracy.graphs import processor
from harness.accuracy.sharding import remote
from harness.accuracy.workers import frames
from harness.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from distributed import Client, Future

SCHEME = "dask://"
_BLOCKS = 4  # in a task: fewer is overhead, more is wasted where the evaluation ends early
_AHEAD = 2  # tasks for each thread of the cluster
_CONNECT_WITHIN = 30.0  # seconds
_WORKERS_WITHIN = 120.0  # for the first worker, and for another one where all are gone
_LOOK = 5.0


def run_blocks(
    job: Job, indices: Sequence[int], engine: str
) -> Generator[tuple[int, Counts], None, None]:
    """Each of `indices` with the counts of its block, in the order given, as they are done.

    `engine` is the scheduler's address behind `SCHEME`. Closing the iterator cancels what is left.
    Raises ConfigError, EngineError for a cluster that does not do its part, and ModelError,
    DatasetError, WorkerDied as on one machine.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError(
            f"accuracy.engine = {engine!r}: needs the package distributed; "
            "pip install 'releasegate[dask]'"
        ) from None
    if job.pair.served:
        raise ConfigError(
            f"accuracy.engine = {engine!r}: a running service is asked from this machine; use "
            'engine = "local", or compare model files'
        )
    address = "tcp://" + engine.removeprefix(SCHEME)
    try:
        client = Client(address, timeout=_CONNECT_WITHIN, set_as_default=False)
    except (OSError, ValueError) as problem:  # TimeoutError is an OSError
        raise EngineError(f"no Dask scheduler answers at {address}: {problem}") from None
    with client:
        yield from _Tasks(client, job, indices).results()


class _Tasks:
    """The tasks of one run, a bounded number of them with the scheduler."""

    def __init__(self, client: Client, job: Job, indices: Sequence[int]) -> None:
        self._client = client
        self._run = uuid.uuid4().hex
        self._exact = bool(processor.exact(cpuinfo.flags()))
        self._fields = job.fields()
        starts = range(0, len(indices), _BLOCKS)
        self._waiting = deque(list(indices[start : start + _BLOCKS]) for start in starts)
        self._begun: deque[tuple[list[int], Future[list[bytes]]]] = deque()

    def results(self) -> Generator[tuple[int, Counts], None, None]:
        """Index and counts of every block, in order."""
        from distributed import CancelledError, KilledWorker

        try:
            self._client.wait_for_workers(1, timeout=_WORKERS_WITHIN)
            while self._waiting or self._begun:
                self._begin()
                indices, future = self._begun.popleft()
                for index, packed in zip(indices, self._wait(future), strict=True):
                    yield index, Counts.of(*frames.unpack(io.BytesIO(packed).read))
        except KilledWorker as problem:
            raise WorkerDied(f"Dask workers died one after another: {problem}") from None
        except (CancelledError, OSError) as problem:
            raise EngineError(f"the Dask cluster has given up: {problem}") from None
        finally:
            self._end()

    def _begin(self) -> None:
        """Hand in as many tasks as keep the cluster busy, of however many workers it has now."""
        most = max(1, _AHEAD * sum(self._client.nthreads().values()))
        while self._waiting and len(self._begun) < most:
            indices = self._waiting.popleft()
            future = self._client.submit(
                remote.portion,
                self._run,
                __version__,
                self._exact,
                self._fields,
                indices,
                key=f"releasegate-{self._run}-{indices[0]}",
            )
            self._begun.append((indices, future))

    def _wait(self, future: Future[list[bytes]]) -> list[bytes]:
        """What a task returns, however long it takes: but not without any worker."""
        alone = 0.0
        while True:
            try:
                return future.result(timeout=_LOOK)
            except TimeoutError:
                alone = 0.0 if self._client.nthreads() else alone + _LOOK
                if alone >= _WORKERS_WITHIN:
                    raise EngineError("the Dask cluster has lost all of its workers") from None

    def _end(self) -> None:
        """Leave the cluster as it was."""
        with suppress(OSError):  # it may be gone
            self._client.cancel([future for _, future in self._begun])
            self._client.run(remote.forget, self._run, on_error="ignore")
