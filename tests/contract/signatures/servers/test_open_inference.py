"""Model metadata of the Open Inference Protocol."""

from __future__ import annotations

from harness.contract.signatures import of_server

# As in the specification, inference_rest.md, "Model Metadata Response JSON Object".
MODEL = {
    "name": "mymodel",
    "versions": ["1"],
    "platform": "tensorflow_graphdef",
    "inputs": [{"name": "input0", "datatype": "FP32", "shape": [-1, 4]}],
    "outputs": [{"name": "output0", "datatype": "INT64", "shape": [-1]}],
}


def test_tensors_with_their_datatypes_and_shapes() -> None:
    found = of_server(MODEL, "GET /v2/models/mymodel")
    assert found is not None
    assert [(t.name, t.datatype, t.shape) for t in (*found.inputs, *found.outputs)] == [
        ("input0", "FP32", ["batch", 4]),
        ("output0", "INT64", ["batch"]),
    ]


def test_a_server_that_lists_nothing_says_nothing() -> None:
    found = of_server({**MODEL, "inputs": None, "outputs": []}, "")
    assert found is not None and (found.inputs, found.outputs) == ((), ())


def test_tensors_without_a_shape_are_no_metadata_of_this_protocol() -> None:
    assert of_server({**MODEL, "inputs": [{"name": "x", "datatype": "FP32"}]}, "") is None
    assert (
        of_server({**MODEL, "inputs": [{"name": "x", "datatype": 1, "shape": [True]}]}, "") is None
    )
