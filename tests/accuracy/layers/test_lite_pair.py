"""Inner tensors of two TFLite models, paired operator by operator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.backends.base import Options
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.layers.lite_pair import LitePair
from harness.accuracy.workers import Array


@pytest.fixture(scope="module")
def pair(tensorflow_models: Path) -> LitePair:
    specs = [
        ModelSpec(
            name, "harness.accuracy.backends.litert", str(tensorflow_models / name), Options(8)
        )
        for name in ("fp32.tflite", "int8.tflite")
    ]
    return LitePair(*specs)


@pytest.fixture
def columns(tensorflow_models: Path) -> dict[str, Array]:
    with np.load(tensorflow_models / "eval.npz") as data:
        return {"x": data["x"][:8]}


def test_operators_are_paired_though_one_file_has_more(pair: LitePair) -> None:
    assert [probe.op for probe in pair.probes] == ["input", "FULLY_CONNECTED", "SOFTMAX"]
    entry, dense, softmax = (probe.tensor for probe in pair.probes)
    assert [probe.parents for probe in pair.probes] == [(), (entry,), (dense,)]


def test_whole_numbers_become_real_ones(pair: LitePair, columns: dict[str, Array]) -> None:
    found = list(pair.run(columns))
    assert np.array_equal(found[0][0], columns["x"])
    for reference, candidate in found:
        assert candidate.dtype == np.float32
        assert 0 < np.abs(candidate - reference).max() < 0.05 * np.ptp(reference)


def test_weights_have_the_noise_of_eight_bits(pair: LitePair) -> None:
    weights = pair.probes[1].weights
    assert weights is not None
    assert 0 <= weights.ratio < 1e-3


def test_the_kernels_add_in_32_bits(pair: LitePair, columns: dict[str, Array]) -> None:
    assert not pair.saturates(columns)
