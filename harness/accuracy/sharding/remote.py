"""A cluster worker's side: blocks of a job in child processes that are kept from task to task.

Model files are run in children here as everywhere: a crash ends a child and is told, and the
worker lives on. A worker first convinces itself that what lies here is what the gate has: the same
bytes of models and rows, the same runtimes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness import __version__, cpuinfo
from harness.accuracy.datasets import prepare
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.evaluation import Job
from harness.accuracy.evaluation.identity import fingerprint
from harness.accuracy.evaluation.local import PAIR_TASK
from harness.accuracy.graphs import processor
from harness.accuracy.workers import Child, frames
from harness.errors import EngineError

_START_WITHIN = 300.0  # seconds
_BLOCK_WITHIN = 600.0
_lock = threading.Lock()
_places: dict[str, Place] = {}  # by name of the run


@dataclass(slots=True)
class Place:
    """One run's children on this worker; a task takes an idle one, or starts another."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    job: Job | None = None  # with paths of this machine, once it is known to be the gate's
    idle: list[Child] = field(default_factory=list)
    busy: list[Child] = field(default_factory=list)
    over: bool = False

    def ready(self, asked: Job, folder: Path) -> Job:
        """The job as it is run here. Raises DatasetError, ModelError."""
        with self.lock:
            if self.job is None:
                self.job = _verified(asked, folder)
            return self.job

    @contextmanager
    def child(self, job: Job) -> Iterator[Child]:
        """A child that has opened the job's pair, kept for the next task where all went well."""
        child, fresh = self._take(job)
        try:
            if fresh:
                child.start(_START_WITHIN)
                _same_runtimes(job, child.ask({"op": "probe"}, {}, _START_WITHIN)[0]["runtimes"])
                child.ask({"op": "job", "job": job.fields()}, {}, _START_WITHIN)
            yield child
        except BaseException:
            child.kill()
            self._give(child, usable=False)
            raise
        self._give(child, usable=True)

    def end(self) -> None:
        """End all children; those at work are closed by their tasks, which fail now."""
        with self.lock:
            self.over = True
            idle, busy, self.idle, self.job = self.idle, [*self.busy], [], None
        for child in (*idle, *busy):
            child.kill()
        for child in idle:
            child.close()

    def _take(self, job: Job) -> tuple[Child, bool]:
        about = f"{job.pair.reference.name} and {job.pair.candidate.name}"
        with self.lock:
            if self.over:
                raise EngineError("the run that this task belongs to is over")
            fresh = not self.idle
            child = (
                Child(PAIR_TASK, {"pair": job.pair.fields()}, about=about)
                if fresh
                else self.idle.pop()
            )
            self.busy.append(child)
            return child, fresh

    def _give(self, child: Child, *, usable: bool) -> None:
        with self.lock:
            self.busy.remove(child)
            kept = usable and not self.over
            if kept:
                self.idle.append(child)
        if not kept:
            child.kill()
            child.close()


def portion(
    run: str, version: str, exact: bool, fields: dict[str, Any], indices: Sequence[int]
) -> list[bytes]:
    """The counts of some blocks as frames, in the order of `indices`; this is a cluster's task.

    `run` names the gate's run, `version` and `exact` its version and whether its processor sums
    int8 products exactly. Raises EngineError, ModelError, DatasetError, WorkerDied.
    """
    from distributed import get_worker

    _same_kind(version, exact)
    with _lock:
        place = _places.setdefault(run, Place())
    job = place.ready(Job.of(fields), Path(get_worker().local_directory, "releasegate"))
    with place.child(job) as child:
        found = [child.ask({"op": "block", "index": i}, {}, _BLOCK_WITHIN) for i in indices]
    return [b"".join(frames.pack(*counts)) for counts in found]


def forget(run: str) -> None:
    """End the children of a run that is over, and refuse its tasks from now on."""
    with _lock:
        place = _places.setdefault(run, Place())
    place.end()


def _verified(job: Job, folder: Path) -> Job:
    """The job with this machine's copy of the rows, where all bytes are the gate's."""
    pair = job.pair
    source = prepare(Path(pair.source.path), pair.source.roles, folder)
    if (source.digest, source.rows) != (pair.source.digest, pair.source.rows):
        raise DatasetError(f"{pair.source.path}: the worker has another data set than the gate")
    for spec, known in ((pair.reference, job.reference), (pair.candidate, job.candidate)):
        digest = None
        with suppress(OSError):
            digest, _ = fingerprint(Path(spec.path))
        if digest != known.digest:
            raise ModelError(f"{spec.path}: the worker has no such file, or another than the gate")
    cached = bool(job.cache) and Path(job.cache).parent.is_dir()  # a folder that is shared
    return replace(job, pair=replace(pair, source=source), cache=job.cache if cached else "")


def _same_runtimes(job: Job, runtimes: Sequence[str]) -> None:
    for known, found in zip((job.reference.runtime, job.candidate.runtime), runtimes, strict=True):
        if known != found:
            raise ModelError(f"the worker has {found}, the gate {known}; install the same version")


def _same_kind(version: str, exact: bool) -> None:
    if version != __version__:
        raise EngineError(
            f"the worker has releasegate {__version__}, the gate {version}; install the same"
        )
    if bool(processor.exact(cpuinfo.flags())) != exact:
        raise EngineError(
            "the worker's processor sums int8 products in another way than the gate's (one cuts "
            "the sums at 16 bits), so its answers are another model's; use one kind of processor"
        )
