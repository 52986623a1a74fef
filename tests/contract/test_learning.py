"""A contract is completed by what the server says of itself; what it cannot say is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Claim, Contract
from harness.errors import ConfigError, GateError
from harness.testing import Handler, Reply, serve

Make = Callable[..., Gate]

OIP = 'protocol = "open-inference-v2"'
METADATA = {
    "name": "m",
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}],
    "outputs": [{"name": "y", "datatype": "INT64", "shape": [-1]}],
}
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "nullable": True}},
    "required": ["text"],
}
DOCUMENT = {
    "openapi": "3.0.3",
    "paths": {
        "/score": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": SCHEMA}}},
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"type": "array", "maxItems": 3}}
                        }
                    },
                    "422": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "required": ["detail"]}
                            }
                        }
                    },
                },
            }
        }
    },
}


def answering(**paths: Any) -> Handler:
    """A server that answers GET of these paths, "_" for a slash, and 404 to all others."""
    known = {"/" + name.replace("_", "/"): value for name, value in paths.items()}

    def handler(method: str, path: str, body: bytes) -> Reply:
        found = known.get(path)
        if isinstance(found, Reply):
            return found
        return Reply(b"", 404) if found is None else Reply(json.dumps(found).encode())

    return handler


def learned(gate: Gate, handler: Handler) -> Contract:
    """The contract of a gate, completed by a server."""
    with serve(handler) as fake:
        return Contract.load(gate).learn(fake.base_url)


def test_one_line_is_a_contract_where_the_server_describes_its_tensors(make_gate: Make) -> None:
    contract = learned(make_gate(OIP), answering(v2_models_m=METADATA))
    assert [(t.name, t.shape) for t in contract.form.inputs] == [("x", ["batch", 3])]
    assert [(t.name, t.datatype) for t in contract.form.outputs] == [("y", "INT64")]
    assert contract.has_batch and contract.complete and contract.corpus.valid


def test_requests_from_inputs_that_nobody_declared_may_be_refused(make_gate: Make) -> None:
    contract = learned(make_gate(OIP), answering(v2_models_m=METADATA))
    assert {case.claim for case in contract.corpus.valid} == {Claim.ALLOWED}
    with serve(lambda method, path, body: Reply(b"{}", 400)) as fake:
        assert "give contract.examples" in contract.probe(fake.base_url)


def test_load_gets_single_rows_where_nothing_is_promised(make_gate: Make) -> None:
    contract = learned(make_gate(OIP), answering(v2_models_m=METADATA))
    shapes = [json.loads(sent.body)["inputs"][0]["shape"][0] for sent in contract.requests()]
    assert set(shapes) == {1}


def test_declared_inputs_win_and_are_joined_by_those_that_the_server_has_too(
    make_gate: Make,
) -> None:
    declared = OIP + '\n[[contract.inputs]]\nname = "x"\nshape = ["batch", 3]\nrange = [0, 1]'
    other = {"name": "z", "datatype": "INT64", "shape": [-1]}
    metadata = {**METADATA, "inputs": [*METADATA["inputs"], other]}
    contract = learned(make_gate(declared), answering(v2_models_m=metadata))
    found = [(t.name, t.range) for t in contract.form.inputs]
    assert found == [("x", [0.0, 1.0]), ("z", None)]
    assert [t.name for t in contract.form.outputs] == ["y"]


def test_a_complete_contract_asks_nobody(make_gate: Make) -> None:
    text = OIP + '\n[[contract.inputs]]\nname = "x"\nshape = [1]'
    text += '\n[[contract.outputs]]\nname = "y"\nshape = [1]'
    contract = Contract.load(make_gate(text))
    assert contract.complete and contract.learn("http://127.0.0.1:1") is contract


def test_a_server_that_does_not_answer_yet_may_be_asked_again(make_gate: Make) -> None:
    contract = Contract.load(make_gate(OIP))
    with pytest.raises(GateError, match="GET /v2/models/m answered no connection") as caught:
        contract.learn("http://127.0.0.1:1")
    assert not isinstance(caught.value, ConfigError)
    assert "declare [[contract.inputs]], or give contract.examples" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({**METADATA, "inputs": []}, "nothing to infer with: GET /v2/models/m: it names no inputs"),
        ({"devices": []}, 'GET /v2/models/m answered 200, application/json, {"devices": []}'),
        (
            {**METADATA, "inputs": [{"name": "x", "datatype": "BF16", "shape": [1]}]},
            "input 'x' has datatype 'BF16'",
        ),
        (Reply(b"nonsense"), "GET /v2/models/m: not JSON"),
    ],
)
def test_an_answer_that_will_never_say_enough_is_a_mistake_of_configuration(
    make_gate: Make, answer: Any, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        learned(make_gate(OIP), answering(v2_models_m=answer))
    assert expected in str(caught.value)


def test_with_examples_a_server_without_metadata_is_no_problem(make_gate: Make) -> None:
    gate = make_gate(
        'protocol = "kserve-v1"\nexamples = "ex.jsonl"',
        ex_jsonl='{"request": {"instances": [[1]]}}',
    )
    assert learned(gate, answering()).corpus.valid


def test_an_endless_description_is_cut_off(make_gate: Make) -> None:
    gate = make_gate(OIP)
    with pytest.raises(GateError, match="does not describe"):
        learned(gate, answering(v2_models_m=Reply(b" " * (5 << 20))))


def test_an_openapi_document_of_the_server_gives_path_schemas_and_error_members(
    make_gate: Make,
) -> None:
    contract = learned(make_gate('protocol = "openapi"'), answering(**{"docs.json": DOCUMENT}))
    assert contract.predict_path == "/score" and contract.complete
    assert contract.request is not None and contract.response is not None
    assert contract.request.accepts({"text": None}) and not contract.request.accepts({})
    assert not contract.response.accepts([1, 2, 3, 4])
    assert contract.preset.error_members == ("detail",)
    assert all(contract.request.accepts(case.value) for case in contract.corpus.valid)


def test_an_openapi_document_elsewhere_on_the_server_is_asked_for_there(make_gate: Make) -> None:
    gate = make_gate('protocol = "openapi"\ndocument = "/api/spec"')
    assert learned(gate, answering(api_spec=DOCUMENT)).predict_path == "/score"


def test_an_openapi_document_with_a_mistake_is_told_with_its_pointer(make_gate: Make) -> None:
    wrong = json.loads(json.dumps(DOCUMENT).replace('"string"', '"bytes"'))
    with pytest.raises(ConfigError) as caught:
        learned(make_gate('protocol = "openapi"'), answering(**{"openapi.json": wrong}))
    where = "GET /openapi.json#/paths/~1score/post/requestBody/content/application~1json/schema"
    assert f'{where}/properties/text/type: "bytes" is no type' in str(caught.value)


def test_a_placeholder_of_a_schema_says_nothing(make_gate: Make) -> None:
    vague = json.loads(json.dumps(DOCUMENT))
    vague["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]["schema"] = {
        "type": "object",
        "properties": {"param": {"type": "object"}},
    }
    with pytest.raises(ConfigError, match="nothing to infer with"):
        learned(make_gate('protocol = "openapi"'), answering(**{"openapi.json": vague}))
