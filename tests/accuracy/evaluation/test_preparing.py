"""From gate.toml to a job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness import ConfigError
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.evaluation import Job
from harness.accuracy.evaluation.preparing import prepared
from harness.config import Gate


def test_a_job_knows_its_models_rows_and_order(job: Job, gate: Gate) -> None:
    assert job.rows == 12_000
    assert job.reference.runtime.startswith("onnxruntime")
    assert (job.reference.digest or "").startswith("sha256:")
    assert job.reference.digest != job.candidate.digest
    assert job.reference.bytes == (gate.root / "ref.onnx").stat().st_size
    assert (job.seed, job.shuffled, job.block) == (1, True, 4_096)
    assert job.scheme.widths == (3, 3)
    assert job.cache == str(gate.root / ".gate" / "accuracy-cache")


def test_the_same_gate_is_the_same_job(job: Job, gate: Gate) -> None:
    with prepared(gate) as (again, _):
        assert again == job


def test_a_changed_row_is_another_job(job: Job, gate: Gate) -> None:
    with np.load(gate.root / "eval.npz") as kept:
        columns = dict(kept)
    columns["x"][7, 3] += 1
    np.savez(gate.root / "eval.npz", **columns)
    with prepared(gate) as (changed, _):
        assert changed.digest != job.digest


def test_what_does_not_run_cannot_be_asked(gate: Gate) -> None:
    assert gate.accuracy is not None
    config = gate.accuracy.model_copy(update={"candidate": "served"})
    served = replace(gate, file=gate.file.model_copy(update={"accuracy": config}))
    with (
        pytest.raises(ConfigError, match="accuracy.candidate = 'served' needs one that is running"),
        prepared(served),
    ):
        raise AssertionError("not reached")


def test_a_data_set_that_does_not_fit_is_told_before_a_model_is_opened(gate: Gate) -> None:
    assert gate.accuracy is not None
    config = gate.accuracy.model_copy(update={"labels": "z", "reference": "eval.npz"})
    broken = replace(gate, file=gate.file.model_copy(update={"accuracy": config}))
    with pytest.raises(DatasetError, match="no column 'z'"), prepared(broken):
        raise AssertionError("not reached")


@pytest.mark.parametrize(
    ("name", "error"),
    [("cand.onnx", ModelError), ("ref.onnx", ModelError), ("eval.npz", DatasetError)],
)
def test_a_file_that_is_written_meanwhile_is_told_and_nothing_of_it_kept(
    gate: Gate, name: str, error: type[Exception]
) -> None:
    with (
        pytest.raises(error, match=f"{name} was written while it was evaluated"),
        prepared(gate) as (job, workers),
    ):
        next(workers.blocks(job, [0], 1))
        assert list(Path(job.cache).iterdir())
        content = (gate.root / name).read_bytes()
        (gate.root / "new").write_bytes(content)
        (gate.root / "new").replace(gate.root / name)
    assert not Path(job.cache).exists()
