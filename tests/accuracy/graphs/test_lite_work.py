"""What LiteRT would run of a file, and what its delegate takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.accuracy.graphs.lite_work import audit


@pytest.mark.parametrize(("name", "meant"), [("fp32.tflite", 0), ("int8.tflite", 24)])
def test_a_dense_layer_is_delegated_and_counted(
    tensorflow_models: Path, name: str, meant: int
) -> None:
    found = audit(tensorflow_models / name)

    assert [(step.op, step.work) for step in found.steps] == [("FULLY_CONNECTED", 8 * 3)]
    assert (found.meant, found.float_share, found.delegated) == (meant, 0, 100)
