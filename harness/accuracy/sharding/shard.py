"""One shard of an evaluation: every N-th block, counted on this machine and written to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness import cpuinfo
from harness.accuracy.comparison import validate
from harness.accuracy.evaluation import Job, blocks_of
from harness.accuracy.evaluation.job import BASELINE, SERVED
from harness.accuracy.evaluation.preparing import prepared
from harness.accuracy.graphs import processor
from harness.accuracy.sharding.document import Header, Place, write
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.config import Gate


def write_shard(gate: Gate, place: Place, path: Path) -> Header:
    """Count the blocks of `place` and write them to `path`, whole or not at all.

    Nothing stops early here: which blocks the verdict needs is known where all shards are. Raises
    ConfigError, ModelError, DatasetError, WorkerDied.
    """
    validate(gate)
    assert gate.accuracy is not None
    if gate.accuracy.candidate == SERVED or gate.accuracy.reference == BASELINE:
        raise ConfigError(
            "a running service cannot be sharded, as nothing tells two of them apart; expected "
            "model files for accuracy.reference and accuracy.candidate"
        )
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path}: its folder is not there; make it first")
    with prepared(gate) as (job, workers):
        header = header_of(job, place)
        mine = place.blocks(header.blocks)
        counted = workers.blocks(job, mine, gate.accuracy.processes) if mine else ()
        try:
            write(path, header, counted)
        except OSError as problem:
            raise ConfigError(f"{path}: cannot be written: {problem.strerror}") from None
    return header


def header_of(job: Job, place: Place) -> Header:
    """The head of a shard of `job` that is computed on this machine."""
    models = tuple(side.digest or side.runtime for side in (job.reference, job.candidate))
    return Header(
        job=job.digest,
        models=(models[0], models[1]),
        data=job.pair.source.digest,
        blocks=blocks_of(job),
        number=place.number,
        of=place.of,
        processor=processor.exact(cpuinfo.flags()),
    )
