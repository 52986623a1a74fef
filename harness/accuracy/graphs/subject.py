"""The model file that is looked at, and some rows of the data set to run through it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.datasets import Roles, prepare
from harness.accuracy.evaluation.job import SERVED, spec_of
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.config import Gate

ONNX, LITE = (".onnx",), (".tflite", ".litert")


def model_file(gate: Gate) -> str:
    """The file that the candidate serves, as gate.toml names it, or "" where it names none."""
    config = gate.accuracy
    if config is None:
        return ""
    return config.file or ("" if config.candidate == SERVED else config.candidate)


def is_onnx(name: str) -> bool:
    """Whether the file is an ONNX graph."""
    return Path(name).suffix.lower() in ONNX


def subject(gate: Gate) -> ModelSpec:
    """How that file is run. Raises ConfigError where no backend reads it."""
    return spec_of(gate, model_file(gate))


def rows_of(gate: Gate, count: int) -> dict[str, Array]:
    """At most `count` rows, spread evenly over the data set: columns by the model's inputs.

    Raises DatasetError.
    """
    assert gate.accuracy is not None
    source = prepare(
        gate.find(gate.accuracy.dataset), Roles.of(gate.accuracy), gate.root / ".gate" / "datasets"
    )
    ids = np.unique(np.linspace(0, source.rows - 1, min(count, source.rows)).astype(np.int64))
    with source.open() as rows:
        return dict(rows.take(ids).inputs)


def part(columns: dict[str, Array], start: int, stop: int) -> dict[str, Array]:
    """The rows from `start` to before `stop`."""
    return {name: values[start:stop] for name, values in columns.items()}
