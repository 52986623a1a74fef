"""The check of the evaluation rows: what it asks for, what it calls a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checks.check_accuracy import check_data
from harness import Outcome
from harness.config import Gate, load
from harness.declare import spec_of
from harness.judge import judge

X = np.arange(40, dtype=np.float32).reshape(20, 2)


def _gate(folder: Path, seen: Any = None) -> Gate:
    np.savez(folder / "d.npz", x=X, y=np.arange(20))
    (folder / "m.onnx").touch()
    lines = ['dataset = "d.npz"', 'reference = "m.onnx"', 'candidate = "m.onnx"']
    if seen is not None:
        np.savez(folder / "c.npz", x=seen)
        lines.append('calibration = "c.npz"')
    path = folder / "gate.toml"
    path.write_text(
        'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:9"\n'
        '[contract]\npath = "/predict"\n[accuracy]\n' + "\n".join(lines) + "\n"
    )
    return load(path)


def _judged(gate: Gate) -> Any:
    spec = spec_of(check_data)
    assert spec is not None
    return judge(spec.limits, check_data(gate))


def test_rows_that_nobody_has_seen_pass(tmp_path: Path) -> None:
    judgement = _judged(_gate(tmp_path, X + 1_000))
    assert judgement.outcome is Outcome.PASSED, judgement.reason


def test_without_a_calibration_set_only_repetitions_are_measured(tmp_path: Path) -> None:
    measured = [m.name for m in _judged(_gate(tmp_path)).measurements]
    assert measured == ["duplicate_rows"]


def test_one_row_that_the_quantizer_has_seen_fails(tmp_path: Path) -> None:
    judgement = _judged(_gate(tmp_path, X[7:8]))
    assert judgement.outcome is Outcome.FAILED
    assert judgement.reason.startswith("1 of 20 rows (5 %) are in the calibration set c.npz")


@pytest.mark.parametrize("name", ["d.npz", "c.npz"])
def test_a_set_that_cannot_be_read_is_an_error_of_its_own(tmp_path: Path, name: str) -> None:
    from harness.accuracy import DatasetError

    gate = _gate(tmp_path, X)
    (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=f"{name}: cannot be read whole"):
        check_data(gate)
