"""An answer may depend on its batch mates only where quantization is dynamic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.graphs.batchmates import FEW, batch_mates

Spec = Callable[[Path, int], ModelSpec]


@pytest.mark.parametrize("name", ["fp32", "u8s8_channel", "u8u8"])
def test_static_models_answer_alike_to_the_bit_in_any_batch(
    digits: Path, spec: Spec, name: str
) -> None:
    rows = np.load(digits / "eval.npz")["x"][:300]

    found = batch_mates(spec(digits / f"{name}.onnx", 32), {"x": rows})

    assert found.worst.equal and found.rows == FEW


def test_dynamic_quantization_answers_otherwise_among_other_rows(digits: Path, spec: Spec) -> None:
    rows = np.load(digits / "eval.npz")["x"]

    found = batch_mates(spec(digits / "dynamic_u8.onnx", 32), {"x": rows})

    assert not found.worst.equal and found.worst.changed.any()
    assert found.rows > FEW  # more rows than it takes to see one bit


def test_the_same_seed_shuffles_alike(digits: Path, spec: Spec) -> None:
    rows = np.load(digits / "eval.npz")["x"][:500]

    first, second = (
        batch_mates(spec(digits / "dynamic_u8.onnx", 32), {"x": rows}, seed=7) for _ in range(2)
    )

    assert first.arrangement == second.arrangement
    assert first.worst.differing.tolist() == second.worst.differing.tolist()
