"""From gate.toml to a job: the data set made ready, both models opened and asked for a few rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.accuracy.counting import Answers, Scheme
from harness.accuracy.datasets import Roles, prepare
from harness.accuracy.evaluation.early import may_end_early
from harness.accuracy.evaluation.job import (
    BASELINE,
    SERVED,
    Job,
    Pair,
    block_size,
    identity_of,
    spec_of,
)
from harness.accuracy.evaluation.local import Workers
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.config import AccuracyConfig, Gate


@contextmanager
def prepared(
    gate: Gate, served: str | None = None, baseline: str | None = None
) -> Iterator[tuple[Job, Workers]]:
    """The job that gate.toml describes, and the children that have opened it.

    `served` and `baseline` are the addresses of the running candidate and the running baseline,
    where gate.toml says that these are compared. Raises ConfigError, DatasetError, ModelError,
    WorkerDied.
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
    with Workers(Pair(source, models[0], models[1], config.output)) as workers:
        yield _job(gate, config, workers), workers


def job_of(gate: Gate, served: str | None = None, baseline: str | None = None) -> Job:
    """As `prepared`, for whoever evaluates elsewhere."""
    with prepared(gate, served, baseline) as (job, _):
        return job


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
