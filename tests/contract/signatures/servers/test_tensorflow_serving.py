"""TensorFlow Serving's model metadata."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.signatures import of_server
from harness.errors import ConfigError


def _metadata(inputs: Any, name: str = "serving_default") -> Any:
    outputs = {
        "y": {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": "-1", "name": ""}]}},
    }
    found = {name: {"inputs": inputs, "outputs": outputs, "method_name": "predict"}}
    return {
        "model_spec": {"name": "m", "version": "1"},
        "metadata": {"signature_def": {"signature_def": found}},
    }


def _tensor(*sizes: Any, dtype: str = "DT_FLOAT") -> Any:
    dims = [{"size": size, "name": ""} for size in sizes]
    return {"dtype": dtype, "tensor_shape": {"dim": dims, "unknown_rank": False}, "name": "x:0"}


def test_sizes_are_text_and_minus_one_is_open() -> None:
    found = of_server(_metadata({"x": _tensor("-1", "28", "28")}), "GET /metadata")
    assert found is not None
    assert [(t.name, t.datatype, t.shape) for t in found.inputs] == [
        ("x", "FP32", ["batch", 28, 28])
    ]
    assert found.outputs[0].shape == ["batch"]


def test_a_tensor_of_unknown_rank_is_noted() -> None:
    unknown = {"dtype": "DT_STRING", "tensor_shape": {"dim": [], "unknown_rank": True}}
    found = of_server(_metadata({"examples": unknown}), "")
    assert found is not None and found.inputs == ()
    assert "no known number of dimensions" in found.notes[0]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (_metadata({}, name="train"), "GET /metadata: no signature 'serving_default'; .*'train'"),
        (_metadata({"x": _tensor("many")}), "GET /metadata: a tensor_shape that is none"),
        (_metadata({"x": {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [3]}}}), "tensor_shape"),
    ],
)
def test_metadata_that_contradict_themselves_are_refused(document: Any, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        of_server(document, "GET /metadata")
