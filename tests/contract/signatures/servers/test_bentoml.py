"""BentoML's schema.json, in the shape of version 1.4.40 (_bentoml_sdk/method.py)."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.signatures import of_server
from harness.errors import ConfigError

TENSOR = {"type": "tensor", "format": "numpy-array", "dtype": "float64", "shape": [-1, 4]}


def _service(**inputs: Any) -> Any:
    routes = [
        {
            "name": name,
            "route": f"/{name}",
            "batchable": False,
            "input": {"type": "object", "properties": {"x": schema}, "required": ["x"]},
            "output": {"type": "array", "items": {"type": "integer"}},
        }
        for name, schema in inputs.items()
    ]
    return {"name": "Iris", "type": "service", "routes": routes}


def test_members_that_are_all_tensors_are_inputs() -> None:
    found = of_server(_service(classify=TENSOR), "GET /schema.json")
    assert found is not None and (found.path, found.request) == ("/classify", None)
    assert [(t.name, t.datatype, t.shape) for t in found.inputs] == [("x", "FP64", ["batch", 4])]
    assert found.response == {"type": "array", "items": {"type": "integer"}}


def test_a_tensor_among_other_things_is_the_nested_list_that_it_is_on_the_wire() -> None:
    members = {"type": "object", "properties": {"t": TENSOR}}
    found = of_server(_service(classify=members), "GET /schema.json")
    assert found is not None and found.inputs == ()
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
    assert found.request["properties"]["x"]["properties"]["t"] == {
        "type": "array",
        "items": numbers,
        "minItems": 1,
    }


def test_where_tensors_go_in_and_come_out_they_are_the_signature() -> None:
    service = _service(classify=TENSOR)
    service["routes"][0]["output"] = TENSOR | {"shape": [-1, 3]}
    found = of_server(service, "GET /schema.json")
    assert found is not None and (found.path, found.request) == ("/classify", None)
    assert [(t.name, t.datatype, t.shape) for t in found.inputs] == [("x", "FP64", ["batch", 4])]
    assert [(t.name, t.shape) for t in found.outputs] == [("output", ["batch", 3])]


def test_of_several_routes_the_asked_for_one_is_taken() -> None:
    service = _service(one=TENSOR, other={"type": "string"})
    found = of_server(service, "GET /schema.json", "/other")
    assert found is not None and found.request["properties"]["x"] == {"type": "string"}
    with pytest.raises(ConfigError, match="give contract.path, one of /one, /other"):
        of_server(service, "GET /schema.json")


def test_files_are_not_sent_as_plain_json() -> None:
    found = of_server(_service(see={"type": "file", "format": "image"}), "", "/see")
    assert found is not None and found.request is None and "/see takes files" in found.notes[0]
