"""From gate.toml to a job: the data set made ready, both models opened and asked for a few rows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.accuracy.counting import Answers, Scheme
from harness.accuracy.datasets import Roles, Source, prepare
from harness.accuracy.datasets.registry import files_of as files_of_rows
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.evaluation.early import may_end_early
from harness.accuracy.evaluation.identity import files_of
from harness.accuracy.evaluation.job import (
    BASELINE,
    SERVED,
    SERVED_BACKEND,
    Job,
    Pair,
    block_size,
    identity_of,
    spec_of,
)
from harness.accuracy.evaluation.local import Workers
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.accuracy.backends.model import ModelSpec
    from harness.config import AccuracyConfig, Gate

States = Mapping[Path, tuple[int, ...] | None]


@contextmanager
def prepared(
    gate: Gate, served: str | None = None, baseline: str | None = None
) -> Iterator[tuple[Job, Workers]]:
    """The job that gate.toml describes, and the children that have opened it.

    `served` and `baseline` are the addresses of the running candidate and the running baseline,
    where gate.toml says that these are compared. Raises ConfigError, DatasetError, ModelError,
    WorkerDied; also where a file was written before the context was left, as children open files
    one after another, and outputs are kept under the digest of what was there.
    """
    config = gate.accuracy
    if config is None:
        raise ConfigError(f"{gate.path}: has no [accuracy], so there is nothing to compare")
    urls = {BASELINE: baseline, SERVED: served}
    for key in ("reference", "candidate"):
        name: str = getattr(config, key)
        if name in urls and urls[name] is None:
            raise ConfigError(f"accuracy.{key} = {name!r} needs one that is running")
    source = prepare(gate.find(config.dataset), Roles.of(config), gate.root / ".gate" / "datasets")
    models = [spec_of(gate, name, urls.get(name)) for name in (config.reference, config.candidate)]
    rows, found = _rows(source), [_files(spec) for spec in models]
    with Workers(Pair(source, models[0], models[1], config.output)) as workers:
        job = _job(gate, config, workers)
        yield job, workers
    changed = [spec.name for spec, states in zip(models, found, strict=True) if _written(states)]
    if changed or _written(rows):
        if job.cache:
            shutil.rmtree(job.cache, ignore_errors=True)
        hint = "was written while it was evaluated; run the gate again once nobody writes it"
        if changed:
            raise ModelError(f"{changed[0]} {hint}")
        raise DatasetError(f"{source.path} {hint}")


def _rows(source: Source) -> States:
    """The files that rows are read from, where that is not a copy of the gate's own."""
    return {} if source.copy else _states(files_of_rows(Path(source.path), source.roles.names))


def _files(spec: ModelSpec) -> States:
    """Those of a model, where it is no service; the child that opens it says what is missing."""
    with suppress(OSError):
        if spec.module != SERVED_BACKEND:
            return _states(files_of(Path(spec.path)))
    return {}


def _states(files: Iterable[Path]) -> States:
    return {file: _state(file) for file in files}


def _state(file: Path) -> tuple[int, ...] | None:
    """What changes when a file is written or replaced; None where it is gone."""
    with suppress(OSError):
        found = os.stat(file)
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
    return None


def _written(states: States) -> bool:
    return any(_state(file) != state for file, state in states.items())


def _job(gate: Gate, config: AccuracyConfig, workers: Workers) -> Job:
    pair = workers.pair
    fields, arrays = workers.probe()
    first, second = (
        Answers(arrays[side], arrays[f"{side}_missing"]) for side in ("reference", "candidate")
    )
    cache = gate.root / ".gate" / "accuracy-cache" if config.cache else ""
    return Job(
        pair=pair,
        reference=identity_of(pair.reference, fields["runtimes"][0]),
        candidate=identity_of(pair.candidate, fields["runtimes"][1]),
        scheme=Scheme.probed(config, arrays["labels"], first, second, str(gate.root)),
        block=block_size(int(fields["row_bytes"]), config.batch, served=pair.served),
        seed=config.seed,
        shuffled=may_end_early(config, pair.source.rows),
        cache=str(cache),
    )
