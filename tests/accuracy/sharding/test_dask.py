"""A cluster of separate processes gives the counts of one machine, whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psutil
import pytest
from distributed import LocalCluster

from harness.accuracy import ModelError, evaluate
from harness.accuracy.counting import Counts
from harness.accuracy.evaluation import Job, blocks_of, run_blocks
from harness.accuracy.evaluation.job import SERVED_BACKEND
from harness.accuracy.sharding import dask
from harness.config import Gate, load
from harness.errors import ConfigError, EngineError


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Two worker processes with one thread each, and a scheduler."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=":0"
    ) as started:
        yield started


def engine_of(cluster: LocalCluster) -> str:
    """As gate.toml names it."""
    return str(cluster.scheduler_address).replace("tcp://", "dask://")


def bits(counts: Counts) -> Any:
    """Everything in the counts, floats as their bytes."""
    fields, arrays = counts.fields()
    return fields, {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in arrays.items()}


def folded(found: Iterator[tuple[int, Counts]]) -> tuple[list[int], Counts]:
    """The numbers of the blocks as they came, and their counts added up."""
    numbers, total = [], None
    for number, counts in found:
        numbers.append(number)
        total = counts if total is None else total + counts
    assert total is not None
    return numbers, total


def models_of(cluster: LocalCluster) -> list[psutil.Process]:
    """The processes in which the cluster's workers run models."""
    workers = [psutil.Process(nanny.pid) for nanny in cluster.workers.values()]
    children = [child for worker in workers for child in worker.children(recursive=True)]
    return [child for child in children if "harness.accuracy.workers.main" in child.cmdline()]


def test_a_killed_worker_loses_nothing_and_nothing_is_counted_twice(
    cluster: LocalCluster, forty_block_job: Job
) -> None:
    def killing() -> Iterator[tuple[int, Counts]]:
        found = dask.run_blocks(forty_block_job, range(40), engine_of(cluster))
        for place, block in enumerate(found):
            if place == 10:  # four tasks are begun now, and one of them is this worker's
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
            yield block

    numbers, total = folded(killing())
    _, alone = folded(iter(run_blocks(forty_block_job, range(blocks_of(forty_block_job)))))
    assert numbers == list(range(40))
    assert total.rows == forty_block_job.rows
    assert bits(total) == bits(alone)
    assert models_of(cluster) == []


def test_the_gate_with_an_engine_gives_the_same_comparison(
    cluster: LocalCluster, forty_blocks: Gate
) -> None:
    path = forty_blocks.root / "dask.toml"
    there = f'cache = false\nengine = "{engine_of(cluster)}"'
    path.write_text(forty_blocks.path.read_text().replace("cache = false", there))
    first, second = evaluate(forty_blocks), evaluate(load(path))
    assert bits(first.counts) == bits(second.counts)
    assert first.drop == second.drop


def test_whoever_stops_early_leaves_no_model_running(
    cluster: LocalCluster, forty_block_job: Job
) -> None:
    found = dask.run_blocks(forty_block_job, range(40), engine_of(cluster))
    next(found)
    running = models_of(cluster)
    assert running
    found.close()
    psutil.wait_procs(running, timeout=30)
    assert models_of(cluster) == []


def test_a_worker_with_another_file_is_refused_and_named(
    cluster: LocalCluster, forty_block_job: Job
) -> None:
    other = replace(forty_block_job.candidate, digest="sha256:0")
    job = replace(forty_block_job, candidate=other)
    with pytest.raises(ModelError, match=r"candidate\.onnx: the worker has no such file"):
        folded(dask.run_blocks(job, range(4), engine_of(cluster)))


def test_a_worker_with_another_runtime_is_refused(
    cluster: LocalCluster, forty_block_job: Job
) -> None:
    other = replace(forty_block_job.reference, runtime="onnxruntime 0.1")
    job = replace(forty_block_job, reference=other)
    with pytest.raises(ModelError, match=r"the worker has onnxruntime .*, the gate .* 0\.1"):
        folded(dask.run_blocks(job, range(4), engine_of(cluster)))


def test_a_service_of_this_machine_is_not_asked_from_a_cluster(forty_block_job: Job) -> None:
    pair = forty_block_job.pair
    served = replace(pair, candidate=replace(pair.candidate, module=SERVED_BACKEND))
    with pytest.raises(ConfigError, match="a running service is asked from this machine"):
        folded(dask.run_blocks(replace(forty_block_job, pair=served), [0], "dask://127.0.0.1:1"))


def test_no_scheduler_is_an_error_of_the_infrastructure(
    forty_block_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "_CONNECT_WITHIN", 0.5)
    with pytest.raises(EngineError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        folded(dask.run_blocks(forty_block_job, [0], "dask://127.0.0.1:9"))


def test_without_the_package_the_extra_is_named(
    forty_block_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'releasegate\[dask\]'"):
        folded(dask.run_blocks(forty_block_job, [0], "dask://127.0.0.1:9"))
