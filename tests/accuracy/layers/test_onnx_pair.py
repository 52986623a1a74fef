"""Inner tensors of two ONNX models are what the models compute, as real numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.backends.base import Options
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.layers.onnx_pair import OnnxPair
from harness.accuracy.workers import Array


def opened(folder: Path, candidate: str) -> tuple[OnnxPair, dict[str, Array]]:
    specs = [
        ModelSpec(name, "harness.accuracy.backends.onnx", str(folder / name), Options(8))
        for name in ("fp32.onnx", candidate)
    ]
    with np.load(folder / "eval.npz") as data:
        return OnnxPair(*specs), {"x": data["x"][:8]}


def test_the_input_of_the_reference_is_among_its_tensors(networks: Path) -> None:
    pair, columns = opened(networks, "good.onnx")
    reference, candidate = next(pair.run(columns))
    assert pair.probes[0].tensor == "x"
    assert np.array_equal(reference, columns["x"])
    assert 0 < np.abs(candidate - reference).max() < 0.5


def test_whole_numbers_inside_the_candidate_become_real_ones(networks: Path) -> None:
    pair, columns = opened(networks, "qoperator.onnx")
    for reference, candidate in pair.run(columns):
        assert candidate.dtype == np.float32
        assert np.abs(candidate - reference).max() < 0.2 * np.abs(reference).max()


def test_a_model_beside_itself_has_no_noise(networks: Path) -> None:
    pair, columns = opened(networks, "fp32.onnx")
    assert all(np.array_equal(first, second) for first, second in pair.run(columns))


def test_weights_of_reduced_range_saturate_nowhere(networks: Path) -> None:
    pair, columns = opened(networks, "good.onnx")
    assert not pair.saturates(columns)


_ELSEWHERE = """
import sys, numpy as np
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.layers.advice import advise, first_break
from harness.accuracy.layers.onnx_pair import OnnxPair
from harness.accuracy.layers.tensors import measured
rows = {"x": np.load("eval.npz")["x"][:16]}
for name in ("qoperator.onnx", "good.onnx"):
    pair = OnnxPair(*(ModelSpec(file, "", file) for file in ("fp32.onnx", name)))
    found = measured(pair, rows)
    blamed = first_break(found.layers)
    rule = advise(found.layers, blamed, saturates=found.saturates).rule
    print(found.saturates, blamed.broken, rule)
"""


@pytest.mark.slow
def test_where_sums_saturate_the_advice_is_a_reduced_range(networks: Path, qemu: str) -> None:
    """On a Haswell, emulated: no VNNI. `good.onnx` was quantized with `reduce_range`."""
    done = subprocess.run(
        [qemu, "-cpu", "Haswell-v4", sys.executable, "-c", _ELSEWHERE],
        cwd=networks,
        env={"PYTHONPATH": ":".join(sys.path), "ORT_DISABLE_TELEMETRY": "1"},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    saturating, reduced = done.stdout.splitlines()
    assert saturating == "True True reduce-range"
    assert reduced.startswith("False False ")
