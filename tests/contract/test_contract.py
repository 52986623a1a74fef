"""The contract: loaded from a gate, refused where it contradicts itself, encoding rows."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from harness.config import Gate
from harness.contract import Answer, Claim, Contract, batched
from harness.errors import ConfigError
from harness.testing import Reply, serve

Make = Callable[..., Gate]

TEXTS = 'path = "/predict"\nrequest = "req.json"\nresponse = "res.json"\nexamples = "ex.jsonl"'
REQUEST = '{"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}'
RESPONSE = '{"type": "object", "properties": {"positive": {"type": "boolean"}}}'
EXAMPLES = '{"request": ["good"], "response": {"positive": true}}\n{"request": 1, "status": 400}'
TENSORS = """protocol = "open-inference-v2"
model = "digits"
[[contract.inputs]]
name = "x"
datatype = "INT64"
shape = ["batch", 2]
range = [0, 9]
[[contract.outputs]]
name = "p"
shape = ["batch"]
"""
SERVED = """[accuracy]
dataset = "d.npz"
reference = "d.npz"
[accuracy.served]
request = { texts = ["$row"], lang = "en" }
answer = "/results/0/label"
"""


def test_a_plain_json_service_has_its_own_paths(make_gate: Make) -> None:
    contract = Contract.load(
        make_gate(TEXTS, req_json=REQUEST, res_json=RESPONSE, ex_jsonl=EXAMPLES)
    )
    assert (contract.protocol, contract.ready_path, contract.predict_path) == (
        "json",
        None,
        "/predict",
    )
    assert contract.has_batch is False
    assert [request.body for request in contract.requests()] == [b'["good"]']


def test_a_protocol_knows_its_paths(make_gate: Make) -> None:
    contract = Contract.load(make_gate(TENSORS))
    assert contract.ready_path == "/v2/health/ready"
    assert contract.predict_path == "/v2/models/digits/infer"
    assert contract.has_batch and batched(make_gate(TENSORS))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"ex_jsonl": '{"request": ["a"], "response": {"positive": "x"}}'}, "at $.positive"),
        ({"ex_jsonl": '{"request": []}'}, "its request breaks contract.request at $"),
        ({"req_json": '{"type": "integr"}'}, "not a JSON Schema at #/type"),
        ({"res_json": "{"}, "expected a JSON Schema"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(
    make_gate: Make, files: dict[str, str], expected: str
) -> None:
    given = {"req_json": REQUEST, "res_json": RESPONSE, "ex_jsonl": EXAMPLES, **files}
    with pytest.raises(ConfigError) as caught:
        Contract.load(make_gate(TEXTS, **given))
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('path = "/predict"', "nothing to infer with"),
        ('protocol = "open-inference-v3"', "did you mean 'open-inference-v2'"),
        (TENSORS.replace("INT64", "INT65"), "did you mean 'INT64'"),
    ],
)
def test_a_contract_without_a_meaning_is_refused(make_gate: Make, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Contract.load(make_gate(text))
    assert expected in str(caught.value)


def test_only_failing_examples_are_nothing_to_infer_with(make_gate: Make) -> None:
    text = 'path = "/p"\nexamples = "ex.jsonl"'
    with pytest.raises(ConfigError, match="nothing to infer with"):
        Contract.load(make_gate(text, ex_jsonl='{"request": 1, "status": 400}'))


def test_an_example_of_another_protocol_is_refused(make_gate: Make) -> None:
    text = 'protocol = "kserve-v1"\nexamples = "ex.jsonl"'
    with pytest.raises(ConfigError, match="none of protocol 'kserve-v1': member 'instances'"):
        Contract.load(make_gate(text, ex_jsonl='{"request": {"rows": [1]}}'))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(b"{}"), ""),
        (Reply(b"not json"), ""),
        (Reply(b"oops", 500), "inference: POST /v2/models/digits/infer: 500"),
        (Reply(b"", 404), "routing: POST"),
    ],
)
def test_any_200_is_an_inference(make_gate: Make, reply: Reply, expected: str) -> None:
    contract = Contract.load(make_gate(TENSORS))
    with serve(lambda method, path, body: reply) as fake:
        assert contract.probe(fake.base_url).startswith(expected)
        assert bool(contract.probe(fake.base_url)) is bool(expected)


def test_nobody_listening_is_no_inference(make_gate: Make) -> None:
    contract = Contract.load(make_gate(TENSORS))
    assert contract.probe("http://127.0.0.1:1").startswith("connection: ")


def test_rows_become_a_request_of_the_protocol_and_back(make_gate: Make) -> None:
    contract = Contract.load(make_gate(TENSORS))
    sent = json.loads(contract.encode(np.array([[1.0, 2.0], [3.0, 4.0]])).body)
    assert sent == {
        "inputs": [{"name": "x", "shape": [2, 2], "datatype": "INT64", "data": [1, 2, 3, 4]}]
    }
    answer = {"outputs": [{"name": "p", "shape": [2], "datatype": "FP32", "data": [0.5, 1.5]}]}
    assert contract.decode(json.dumps(answer).encode()) == [0.5, 1.5]


def test_rows_of_instances_need_no_declaration(make_gate: Make) -> None:
    text = 'protocol = "tensorflow-serving"\nexamples = "ex.jsonl"'
    contract = Contract.load(make_gate(text, ex_jsonl='{"request": {"instances": [[1]]}}'))
    assert contract.encode([[1, 2], [3, 4]]).body == b'{"instances":[[1,2],[3,4]]}'
    assert contract.decode(b'{"predictions": [7, 8]}') == [7, 8]
    with pytest.raises(ValueError, match="no predictions"):
        contract.decode(b'{"error": "x"}')


def test_a_template_carries_one_row(make_gate: Make) -> None:
    given = {"req_json": REQUEST, "res_json": RESPONSE, "ex_jsonl": EXAMPLES, "d_npz": ""}
    contract = Contract.load(make_gate(TEXTS, SERVED, **given))
    assert contract.row_at_a_time
    assert contract.encode(np.array(["good"])).body == b'{"texts":["good"],"lang":"en"}'
    assert contract.decode(b'{"results": [{"label": 3}]}') == [3]
    with pytest.raises(ValueError, match="no '/results/0/label'"):
        contract.decode(b'{"results": []}')
    with pytest.raises(ValueError, match="one row a request"):
        contract.encode(["a", "b"])


def test_a_plain_service_without_a_template_cannot_carry_rows(make_gate: Make) -> None:
    given = {"req_json": REQUEST, "res_json": RESPONSE, "ex_jsonl": EXAMPLES}
    contract = Contract.load(make_gate(TEXTS, **given))
    with pytest.raises(ConfigError, match=r"write \[accuracy.served\]"):
        contract.encode(["a"])


def test_the_corpus_is_the_same_each_time(make_gate: Make) -> None:
    gate = make_gate(TENSORS)
    assert Contract.load(gate).corpus.sha256 == Contract.load(gate).corpus.sha256


def test_every_valid_request_keeps_the_contract_and_every_invalid_one_breaks_it(
    make_gate: Make,
) -> None:
    given = {"req_json": REQUEST, "res_json": RESPONSE, "ex_jsonl": EXAMPLES}
    contract = Contract.load(make_gate(TEXTS, **given))
    assert contract.request is not None
    assert all(contract.request.accepts(case.value) for case in contract.corpus.valid)
    mutants = [c for c in contract.corpus.invalid if c.value is not None]
    assert len(mutants) > 8
    assert all(c.claim is Claim.INVALID and not contract.request.accepts(c.value) for c in mutants)


def test_without_a_request_schema_nothing_is_claimed_of_other_values(make_gate: Make) -> None:
    text = 'path = "/p"\nexamples = "ex.jsonl"'
    contract = Contract.load(make_gate(text, ex_jsonl='{"request": {"x": 1}}'))
    claimed = [c.name for c in contract.corpus.invalid if c.claim is Claim.INVALID]
    assert claimed == [
        "an empty body",
        "malformed JSON",
        "a truncated body",
        "a body cut in the middle",
        "text after the JSON",
        "invalid UTF-8",
    ]


def test_violations_judge_an_answer_that_came_from_elsewhere(make_gate: Make) -> None:
    given = {"req_json": REQUEST, "res_json": RESPONSE, "ex_jsonl": EXAMPLES}
    contract = Contract.load(make_gate(TEXTS, **given))
    good = Answer(200, (("Content-Type", "application/json"),), b'{"positive": true}')
    bad = Answer(200, (("Content-Type", "text/html"),), b'{"positive": "true"}')
    assert contract.violations(good) == []
    assert {f.rule for f in contract.violations(bad)} == {"content-type", "response-schema"}
    assert [f.rule for f in contract.violations(Answer(503))] == ["status"]
