"""A refusal is a 4xx with a JSON error in the protocol's shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness import Severity
from harness.config import Gate
from harness.contract import Answer, Case, Claim, Contract, Exchange, Prepared
from harness.contract.judging.refusals import judge_invalid

OIP = """protocol = "open-inference-v2"
inputs = [{ name = "x", shape = ["batch", 2] }]
"""
JSON = (("Content-Type", "application/json"),)


def _judged(
    contract: Contract, answer: Answer, claim: Claim = Claim.INVALID, method: str = "POST"
) -> list[tuple[str, Severity]]:
    case = Case("an abuse", Prepared(method, "/p", {}, b"[1]"), claim)
    found = judge_invalid(contract, Exchange(case, answer, "http://h:1"))
    return [(item.rule, item.severity) for item in found]


@pytest.fixture
def contract(make_gate: Callable[..., Gate]) -> Contract:
    return Contract.load(make_gate(OIP))


def test_a_4xx_with_the_protocols_error_is_right(contract: Contract) -> None:
    assert _judged(contract, Answer(400, JSON, b'{"error": "x"}')) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(500, JSON, b'{"error": "x"}'), ("crash", Severity.ERROR)),
        (Answer(200, JSON, b'{"outputs": []}'), ("accepted", Severity.ERROR)),
        (Answer(302, JSON), ("accepted", Severity.ERROR)),
        (Answer(400, (("Content-Type", "text/html"),), b"<h1>"), ("error-body", Severity.ERROR)),
        (Answer(400, JSON, b""), ("error-body", Severity.ERROR)),
        (Answer(400, JSON, b'{"message": "x"}'), ("error-shape", Severity.WARNING)),
        (Answer(400, JSON, b'["error"]'), ("error-shape", Severity.WARNING)),
        (Answer(400, JSON, b'{"error": "KeyError"}'), ("leak", Severity.ERROR)),
        (Answer(0, error="no answer within 10 s"), ("no-answer", Severity.ERROR)),
    ],
)
def test_everything_else_is_found(
    contract: Contract, answer: Answer, expected: tuple[str, Severity]
) -> None:
    assert _judged(contract, answer) == [expected]


def test_what_the_contract_leaves_open_may_be_accepted_but_not_crash(contract: Contract) -> None:
    served = Answer(200, JSON, b'{"outputs": []}')
    assert _judged(contract, served, Claim.ODD) == []
    assert _judged(contract, Answer(500, JSON, b"{}"), Claim.ODD) == [("crash", Severity.ERROR)]


def test_the_json_of_an_error_is_strict(contract: Contract) -> None:
    for claim in (Claim.INVALID, Claim.ODD):
        marked = Answer(400, JSON, b'\xef\xbb\xbf{"error": "x"}')
        assert _judged(contract, marked, claim) == [("json-bom", Severity.ERROR)]
    twice = Answer(400, JSON, b'{"error": "x", "error": "y"}')
    assert _judged(contract, twice) == [("json-duplicate-key", Severity.ERROR)]


def test_an_error_that_gives_back_what_is_no_strict_json_is_a_warning(contract: Contract) -> None:
    case = Case("NaN", Prepared("POST", "/p", {}, b"[NaN]"), Claim.INVALID)
    answer = Answer(400, JSON, b'{"error": "x", "input": [NaN]}')
    found = judge_invalid(contract, Exchange(case, answer, "http://h:1"))
    assert [(item.rule, item.severity) for item in found] == [("json-nonfinite", Severity.WARNING)]


def test_a_method_that_a_server_knows_nowhere_is_501(contract: Contract) -> None:
    assert _judged(contract, Answer(501), Claim.ODD, method="HEAD") == []
    assert _judged(contract, Answer(501, JSON, b"{}"), Claim.ODD) == [("crash", Severity.ERROR)]
    assert _judged(contract, Answer(500), Claim.ODD, method="HEAD") == [("routing", Severity.ERROR)]


def test_the_answer_to_head_has_no_body_to_judge(contract: Contract) -> None:
    assert _judged(contract, Answer(405), method="HEAD") == []


def test_a_tolerated_rule_is_a_warning(make_gate: Callable[..., Gate]) -> None:
    tolerant = Contract.load(make_gate(OIP + 'tolerate = ["crash"]\n'))
    answer: Any = Answer(500, JSON, b'{"error": "x"}')
    assert _judged(tolerant, answer) == [("crash", Severity.WARNING)]
