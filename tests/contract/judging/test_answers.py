"""An answer to a valid request: status, schema, tensors, what relates it to the request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness import Finding, Severity
from harness.config import Gate
from harness.contract import Answer, Case, Claim, Contract, Exchange, Prepared
from harness.contract.learning import completed
from harness.contract.requests.cases import dumps, prepared
from harness.contract.signatures import Signature

OIP = """protocol = "open-inference-v2"
[[contract.inputs]]
name = "x"
shape = ["batch", 2]
[[contract.outputs]]
name = "p"
shape = ["batch", 2]
sums_to = 1.0
[[contract.outputs]]
name = "label"
datatype = "INT64"
shape = ["batch"]
argmax_of = "p"
"""
P = {"name": "p", "shape": [1, 2], "datatype": "FP32", "data": [0.25, 0.75]}
LABEL = {"name": "label", "shape": [1], "datatype": "INT64", "data": [1]}
X = {"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1.0, 2.0]}
JSON = (("Content-Type", "application/json"),)


def _exchange(sent: Any, answer: Any, status: int = 200, claim: Claim = Claim.VALID) -> Exchange:
    case = Case("a request", prepared("/p", dumps(sent)), claim, sent)
    return Exchange(case, Answer(status, JSON, json.dumps(answer).encode()), "http://h:1")


def _errors(contract: Contract, exchange: Exchange) -> list[Finding]:
    return [i for i in contract.rules.judge(exchange) if i.severity is Severity.ERROR]


@pytest.fixture
def oip(make_gate: Callable[..., Gate]) -> Contract:
    return Contract.load(make_gate(OIP))


@pytest.fixture
def plain(make_gate: Callable[..., Gate]) -> Contract:
    return Contract.load(
        make_gate('path = "/p"\nexamples = "e.jsonl"\n', e_jsonl='{"request": ["a"]}')
    )


def test_a_right_answer_has_no_finding(oip: Contract) -> None:
    exchange = _exchange({"inputs": [X]}, {"model_name": "m", "outputs": [P, LABEL]})
    assert oip.rules.judge(exchange) == []


@pytest.mark.parametrize(
    ("request_", "answer", "rule", "promise"),
    [
        ({"inputs": [X]}, {"outputs": [P]}, "tensor-missing", "contract.outputs"),
        ({"inputs": [X]}, {"outputs": [P, P, LABEL]}, "tensor-duplicate", "contract.outputs"),
        (
            {"inputs": [X]},
            {"outputs": [P, {**LABEL, "data": [0]}]},
            "tensor-argmax",
            "contract.outputs",
        ),
        (
            {"inputs": [X]},
            {"outputs": [{**P, "shape": [2, 1]}, LABEL]},
            "tensor-shape",
            "contract.outputs",
        ),
        (
            {"inputs": [X], "outputs": [{"name": "p"}]},
            {"outputs": [P, LABEL]},
            "tensor-requested",
            "protocol open-inference-v2",
        ),
        (
            {"inputs": [X], "id": "7"},
            {"outputs": [P, LABEL], "id": "8"},
            "id-echo",
            "protocol open-inference-v2",
        ),
        ({"inputs": [X]}, {"error": "out of memory"}, "protocol", "protocol open-inference-v2"),
    ],
)
def test_a_wrong_one_is_found_with_where_the_promise_stands(
    oip: Contract, request_: Any, answer: Any, rule: str, promise: str
) -> None:
    (found,) = _errors(oip, _exchange(request_, {"model_name": "m", **answer}))
    assert found.rule == rule
    assert found.expected.endswith(f"(by {promise})")


def test_only_the_outputs_that_are_asked_for_are_due(oip: Contract) -> None:
    asked = {"inputs": [X], "outputs": [{"name": "p"}]}
    assert _errors(oip, _exchange(asked, {"model_name": "m", "outputs": [P]})) == []


def test_the_words_of_the_inputs_hold_in_the_outputs(oip: Contract) -> None:
    two = {**X, "shape": [2, 2], "data": [1.0, 2.0, 3.0, 4.0]}
    (found, *_) = _errors(oip, _exchange({"inputs": [two]}, {"outputs": [P, LABEL]}))
    assert found.rule == "tensor-rows"


def test_an_error_under_200_is_found_where_nothing_else_says_what_is_due(plain: Contract) -> None:
    (found,) = _errors(plain, _exchange(["a"], {"error": "model not loaded"}))
    assert (found.rule, found.expected) == ("error-200", "a result")


def test_a_result_that_is_named_error_is_none(plain: Contract) -> None:
    assert _errors(plain, _exchange(["a"], {"error": 0.25})) == []


def test_a_crash_that_calls_itself_a_refusal_is_an_error(plain: Contract) -> None:
    crash = _exchange(["b"], {"error": "IndexError: list index out of range"}, 400, Claim.ALLOWED)
    assert {item.rule for item in _errors(plain, crash)} == {"crash", "leak"}
    refusal = _exchange(["b"], {"error": "too long"}, 400, Claim.ALLOWED)
    assert _errors(plain, refusal) == []


def test_where_a_redirect_leads_is_said(plain: Contract) -> None:
    case = Case("a request", prepared("/p", b"[]"), Claim.VALID)
    answer = Answer(307, (("Location", "http://evil.example/p"),))
    (found,) = _errors(plain, Exchange(case, answer, "http://h:1"))
    assert 'status 307 to "http://evil.example/p"' in found.message
    assert found.message.startswith("routing: ")


def test_a_packed_body_is_told_once_and_not_read(plain: Contract) -> None:
    case = Case("a request", prepared("/p", b"[]"), Claim.VALID)
    answer = Answer(200, (*JSON, ("Content-Encoding", "gzip")), b"\x1f\x8b")
    found = _errors(plain, Exchange(case, answer, "http://h:1"))
    assert [item.rule for item in found] == ["content-encoding"]


def test_what_is_wrong_with_the_bytes_says_its_section(plain: Contract) -> None:
    case = Case("a request", prepared("/p", b"[]"), Claim.VALID)
    (found,) = _errors(plain, Exchange(case, Answer(200, JSON, b'{"a": NaN}'), "http://h:1"))
    assert found.expected.endswith("(by RFC 8259 section 6)")


def _odd(contract: Contract, sent: Any, answer: Any, **given: Any) -> list[tuple[str, Severity]]:
    found = contract.rules.judge_odd(_exchange(sent, answer, claim=Claim.ODD, **given))
    return [(item.rule, item.severity) for item in found]


TWO = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1.0, 2.0, 3.0, 4.0]}


@pytest.mark.parametrize(
    ("sent", "answer", "rules"),
    [
        ({"inputs": [X]}, {"outputs": [P, LABEL]}, []),
        ({"inputs": [X]}, {"outputs": [{**P, "data": [9, 9]}, LABEL]}, []),  # who knows
        ({"inputs": [X]}, {"error": "too many rows"}, ["error-200"]),
        ({"inputs": [X]}, {"result": 1}, ["protocol"]),
        ({"inputs": [X]}, {"outputs": [P]}, ["tensor-missing"]),
        ({"inputs": [X], "outputs": [{"name": "p"}]}, {"outputs": [P]}, []),
        ({"inputs": [X], "outputs": [{"name": "none"}]}, {"outputs": []}, []),
        ({"inputs": [TWO]}, {"outputs": [P, LABEL]}, ["tensor-rows"]),
        ({"inputs": [{**TWO, "shape": [-1, 2]}]}, {"outputs": [P, LABEL]}, []),
    ],
)
def test_what_answers_an_odd_request_has_the_form_of_an_answer(
    oip: Contract, sent: Any, answer: Any, rules: list[str]
) -> None:
    assert _odd(oip, sent, answer) == [(rule, Severity.ERROR) for rule in rules]


def test_without_a_body_there_is_no_form(oip: Contract) -> None:
    assert _odd(oip, {"inputs": [X]}, "", status=204) == []


def test_who_wants_no_json_may_get_none(oip: Contract) -> None:
    sent = Prepared("POST", "/p", {"Content-Type": "application/json", "Accept": "text/csv"}, b"1")
    csv = Answer(200, (("Content-Type", "text/csv"),), b"1,2")
    case = Case("Accept: text/csv", sent, Claim.ODD)
    assert oip.rules.judge_odd(Exchange(case, csv, "http://h:1")) == []
    plain = Exchange(replace(case, prepared=prepared("/p", b"1")), csv, "http://h:1")
    assert "content-type" in [item.rule for item in oip.rules.judge_odd(plain)]


def test_what_is_no_strict_json_may_be_answered_with_the_like(plain: Contract) -> None:
    case = Case("NaN", prepared("/p", b"[NaN]"), Claim.ODD)
    exchange = Exchange(case, Answer(200, JSON, b"[NaN]"), "http://h:1")
    found = plain.rules.judge_odd(exchange)
    assert [(item.rule, item.severity) for item in found] == [("json-nonfinite", Severity.WARNING)]


def test_the_promise_of_learned_outputs_is_where_they_were_learned(
    make_gate: Callable[..., Gate],
) -> None:
    where = "GET /v2/models/m"
    declared = Contract.load(make_gate(OIP))
    tensors = Signature(declared.form.inputs, declared.form.outputs)
    learned = completed(
        Contract.load(make_gate('protocol = "open-inference-v2"\n')), tensors, where
    )
    partly = completed(
        Contract.load(make_gate(OIP.partition("[[contract.outputs]]")[0])), tensors, where
    )
    both = Contract.load(
        make_gate("[[contract.outputs]]".join(OIP.split("[[contract.outputs]]")[:2]))
    )
    both = completed(both, tensors, where)
    said = [item.said("outputs") for item in (declared, learned, partly, both)]
    assert said == ["contract.outputs", where, where, f"contract.outputs and {where}"]
    (found,) = _errors(learned, _exchange({"inputs": [X]}, {"outputs": [P]}))
    assert found.expected == f"label (by {where})"
    assert (declared.said("inputs"), partly.said("inputs")) == (
        "contract.inputs",
        "contract.inputs",
    )
