"""What files say: signatures and documents; contradictions are refused before anything starts."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from harness.config import Gate
from harness.contract import Contract, batched, describes, unlabelled
from harness.errors import ConfigError

Make = Callable[..., Gate]

METADATA = '{"input_schema": {"a": "float32"}, "output_schema": {"p": "float32"}}'
SIGNED = 'protocol = "open-inference-v2"\nsignature = "metadata.json"'
DOCUMENT = json.dumps(
    {
        "openapi": "3.1.0",
        "paths": {
            "/p": {
                "post": {
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"type": "array", "minItems": 1}}
                        }
                    }
                }
            }
        },
    }
)


def test_a_signature_gives_the_tensors_of_a_tensor_protocol(make_gate: Make) -> None:
    contract = Contract.load(make_gate(SIGNED, metadata_json=METADATA))
    assert [(t.name, t.datatype, t.shape) for t in contract.form.inputs] == [
        ("a", "FP32", ["batch"])
    ]
    assert contract.corpus.valid and contract.complete


def test_a_signature_gives_the_schemas_of_a_plain_service(make_gate: Make) -> None:
    text = 'path = "/predict"\nsignature = "metadata.json"'
    contract = Contract.load(make_gate(text, metadata_json=METADATA))
    assert contract.request is not None and contract.response is not None
    assert contract.request.accepts({"a": 0.5}) and not contract.request.accepts({"a": "x"})
    assert not contract.form.inputs


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ('name = "b"\nshape = ["batch"]', "contract.inputs: there is no input 'b'"),
        ('name = "a"\nshape = ["batch"]\ndatatype = "INT8"', "has another datatype"),
        ('name = "a"\nshape = ["batch", 2]', "has another shape"),
    ],
)
def test_a_declaration_that_contradicts_the_signature_is_refused(
    make_gate: Make, declared: str, expected: str
) -> None:
    text = f"{SIGNED}\n[[contract.inputs]]\n{declared}"
    with pytest.raises(ConfigError, match=expected):
        Contract.load(make_gate(text, metadata_json=METADATA))


def test_a_word_agrees_with_any_number(make_gate: Make) -> None:
    text = f'{SIGNED}\n[[contract.inputs]]\nname = "a"\nshape = [1]'
    contract = Contract.load(make_gate(text, metadata_json=METADATA))
    assert contract.form.inputs[0].shape == [1]


def test_an_openapi_document_in_a_file_needs_no_server(make_gate: Make) -> None:
    text = 'protocol = "openapi"\ndocument = "api.json"'
    contract = Contract.load(make_gate(text, api_json=DOCUMENT))
    assert contract.predict_path == "/p" and contract.corpus.valid


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{", "api.json: not JSON"),
        ("{}", "api.json: no OpenAPI document"),
        (DOCUMENT.replace("array", "list"), 'schema/type: "list" is no type of JSON Schema'),
        (DOCUMENT.replace('"minItems": 1', '"minItems": -1'), "not a JSON Schema at #/minItems"),
    ],
)
def test_a_document_that_is_none_is_refused_with_its_name(
    make_gate: Make, document: str, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Contract.load(make_gate('protocol = "openapi"\ndocument = "api.json"', api_json=document))
    assert expected in str(caught.value) and "api.json" in str(caught.value)


def test_a_document_that_is_neither_a_file_nor_a_path_is_refused(make_gate: Make) -> None:
    with pytest.raises(ConfigError, match="contract.document = 'api.json': no such file"):
        Contract.load(make_gate('protocol = "openapi"\ndocument = "api.json"'))


def test_what_the_server_may_describe_may_have_a_batch(make_gate: Make) -> None:
    assert batched(make_gate('protocol = "open-inference-v2"'))
    assert batched(make_gate(SIGNED, metadata_json=METADATA))
    fixed = 'protocol = "open-inference-v2"\n[[contract.inputs]]\nname = "x"\nshape = [1]'
    assert not batched(make_gate(fixed))


def test_plain_json_describes_nothing(make_gate: Make) -> None:
    assert not describes(make_gate('path = "/p"'))
    assert describes(make_gate('protocol = "tensorflow-serving"'))


TENSORS = """[[contract.inputs]]
name = "x"
shape = ["batch", 4]
"""


def _output(name: str, datatype: str, shape: str) -> str:
    return f'[[contract.outputs]]\nname = "{name}"\ndatatype = "{datatype}"\nshape = {shape}\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('protocol = "litserve"\n' + TENSORS, "no output is declared"),
        ('protocol = "open-inference-v2"\n' + TENSORS, ""),  # the server says its outputs
        (f'path = "/p"\n{TENSORS}' + _output("price", "FP32", '["batch"]'), "no declared output"),
        (f'path = "/p"\n{TENSORS}' + _output("label", "BYTES", '["batch"]'), "no declared output"),
        (
            f'path = "/p"\n{TENSORS}'
            + _output("label", "BYTES", '["batch"]')
            + _output("score", "FP32", '["batch"]'),
            "no declared output",
        ),
        (
            f'path = "/p"\n{TENSORS}'
            + _output("label", "INT64", '["batch"]')
            + _output("scores", "FP32", '["batch", 3]'),
            "",
        ),
        ('path = "/p"\nexamples = "e.jsonl"\n', ""),  # who knows what the answers hold
    ],
)
def test_labels_are_looked_for_where_there_may_be_some(
    make_gate: Callable[..., Gate], text: str, why: str
) -> None:
    found = unlabelled(make_gate(text, e_jsonl='{"request": ["a"]}'))
    assert found.startswith(why) and bool(found) is bool(why)


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ('protocol = "open-inference-v2"\n', True),
        ('protocol = "litserve"\n', False),  # /info knows no tensors
        ('protocol = "ray-serve"\n', False),
        ('protocol = "openapi"\n', True),
        ('protocol = "openapi"\ndocument = "api.json"\n', False),  # the file does it
        ('path = "/p"\n', False),
    ],
)
def test_servers_of_some_protocols_describe_themselves(
    make_gate: Callable[..., Gate], text: str, described: bool
) -> None:
    assert describes(make_gate(text, api_json="{}")) is described


@pytest.mark.parametrize("rule", ["no-answer", "died", "unhealthy"])
def test_a_service_that_is_not_there_cannot_be_tolerated(rule: str, make_gate: Make) -> None:
    text = f'protocol = "kserve-v1"\ntolerate = ["{rule}"]\n'
    text += '[[contract.inputs]]\nname = "x"\nshape = ["batch", 2]'
    with pytest.raises(ConfigError, match="is never tolerated"):
        Contract.load(make_gate(text))
