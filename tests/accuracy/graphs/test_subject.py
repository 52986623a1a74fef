"""Which file is looked at, and which rows go through it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.accuracy.graphs.subject import model_file, part, rows_of, subject
from harness.config import Gate


def test_the_candidate_is_the_file_unless_another_is_named(gate_on: Callable[..., Gate]) -> None:
    assert model_file(gate_on("u8u8.onnx")).endswith("u8u8.onnx")
    assert model_file(gate_on("u8u8.onnx", file="gate.toml")) == "gate.toml"


def test_the_file_is_run_as_accuracy_says(gate_on: Callable[..., Gate]) -> None:
    spec = subject(gate_on("u8u8.onnx", batch=7, optimization="basic"))

    assert (spec.options.batch, spec.options.optimization) == (7, "basic")


def test_rows_are_spread_over_the_data_set(gate_on: Callable[..., Gate]) -> None:
    gate = gate_on("u8u8.onnx")
    whole = np.load(gate.find(str(gate.accuracy and gate.accuracy.dataset)))["x"]

    rows = rows_of(gate, 3)["x"]

    assert np.array_equal(rows, whole[[0, (len(whole) - 1) // 2, len(whole) - 1]])


def test_a_part_is_cut_from_every_column() -> None:
    columns = {"a": np.arange(5), "b": np.arange(5) * 2}

    assert {name: values.tolist() for name, values in part(columns, 1, 3).items()} == {
        "a": [1, 2],
        "b": [2, 4],
    }
