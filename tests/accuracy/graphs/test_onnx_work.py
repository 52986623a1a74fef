"""What onnxruntime executes of a file, counted in multiply-adds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.backends.base import Options
from harness.accuracy.graphs.onnx_work import audit

ROW = np.ones((1, 64), np.float32)
PICTURE = np.ones((1, 1, 8, 8), np.float32)
FIRST, REST = 8 * 64 * 9, 8 * 64 * 8 * 9  # multiply-adds of the convolutions of `residual`


@pytest.mark.parametrize("name", ["u8s8_channel", "qoperator_channel", "dynamic_u8"])
def test_int8_of_every_format_is_seen_to_run_in_int8(digits: Path, name: str) -> None:
    found = audit(digits / f"{name}.onnx", Options(), {"x": ROW})

    assert found.meant == 64 * 36 + 36 * 10
    assert found.float_share == 0 and found.fallen == ()


def test_a_file_without_int8_means_none(digits: Path) -> None:
    found = audit(digits / "fp32.onnx", Options(), {"x": ROW})

    assert (found.meant, found.float_share) == (0, 0)
    assert sum(step.work for step in found.steps) == 64 * 36 + 36 * 10


def test_convolutions_are_counted_by_their_kernel_and_channels(residual: Path) -> None:
    found = audit(residual / "u8s8.onnx", Options(), {"x": PICTURE})

    assert found.meant == FIRST + 2 * REST
    assert [step.work for step in found.steps] == [FIRST, REST, REST]
    assert found.float_share == 0


def test_without_optimisation_everything_runs_in_float(residual: Path) -> None:
    found = audit(residual / "u8s8.onnx", Options(optimization="disabled"), {"x": PICTURE})

    assert found.float_share == 100
    assert found.fallen == ("Conv first", "Conv second", "Conv third")


def test_s8_activations_with_two_consumers_leave_a_convolution_in_float(residual: Path) -> None:
    found = audit(residual / "s8s8.onnx", Options(), {"x": PICTURE})

    assert 0 < found.float_share < 100
    assert found.fallen


def test_nodes_without_names_are_told_apart(digits: Path, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(digits / "u8s8_channel.onnx")
    for node in model.graph.node:
        node.name = ""
    onnx.save(model, tmp_path / "nameless.onnx")

    found = audit(tmp_path / "nameless.onnx", Options(), {"x": ROW})

    assert (found.meant, found.float_share) == (64 * 36 + 36 * 10, 0)
