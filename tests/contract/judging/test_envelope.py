"""What an answer travels in: content type, charset, length, encoding."""

from __future__ import annotations

import pytest

from harness.contract import Answer, Case, Claim, Exchange, Prepared
from harness.contract.judging.envelope import (
    chunks_refused,
    content_type_problem,
    is_encoded,
    judge_transport,
    says_json,
)
from harness.model import Severity


def _answer(kind: str | None) -> Answer:
    return Answer(200, (("Content-Type", kind),) if kind is not None else (), b"{}")


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/problem+json",
    ],
)
def test_a_content_type_of_json_is_right(kind: str) -> None:
    assert content_type_problem(_answer(kind)) == ""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (None, "without a content type"),
        ("", "another content type"),
        ("text/html", "another content type"),
        ("application/jsonp", "another content type"),
        ("application/json; charset=latin-1", "charset 'latin-1'"),
    ],
)
def test_another_is_wrong(kind: str | None, expected: str) -> None:
    assert expected in content_type_problem(_answer(kind))


def test_a_dialect_may_have_others() -> None:
    assert content_type_problem(_answer("text/plain; charset=x"), {"text/plain"}) == ""
    assert content_type_problem(_answer(None), {""}) == ""


def test_a_packed_body_is_encoded_and_identity_is_not() -> None:
    assert is_encoded(Answer(200, (("Content-Encoding", "gzip"),)))
    assert not is_encoded(Answer(200, (("Content-Encoding", "Identity"),)))


@pytest.mark.parametrize(("chunked", "rule"), [(False, "content-length"), (True, "desync")])
def test_bytes_after_the_end_are_a_wrong_length_or_an_unread_request(
    chunked: bool, rule: str
) -> None:
    sent = Prepared("POST", "/p", {}, b"[1]", chunked)
    exchange = Exchange(Case("x", sent, Claim.VALID), Answer(200, surplus=4), "http://h:1")
    assert [item.rule for item in judge_transport(exchange)] == [rule]


def test_bytes_after_the_head_of_a_head_answer_are_a_body() -> None:
    case = Case("HEAD /p", Prepared("HEAD", "/p"), Claim.INVALID)
    (found,) = judge_transport(Exchange(case, Answer(405, surplus=4), "http://h:1"))
    assert (found.rule, found.expected) == (
        "head-body",
        "a head and nothing after it (by RFC 9110 section 9.3.2)",
    )


@pytest.mark.parametrize(
    ("size", "claim", "cut", "severity"),
    [
        (2 << 20, Claim.ODD, True, Severity.WARNING),
        (2 << 20, Claim.ODD, False, Severity.ERROR),
        (2 << 20, Claim.VALID, True, Severity.ERROR),
        (1000, Claim.INVALID, True, Severity.ERROR),
    ],
)
def test_a_reset_excuses_only_a_large_body_that_nobody_has_to_read(
    size: int, claim: Claim, cut: bool, severity: Severity
) -> None:
    case = Case("x", Prepared("POST", "/p", {}, b" " * size), claim)
    answer = Answer(0, error="connection broken", cut=cut)
    (found,) = judge_transport(Exchange(case, answer, "http://h:1"))
    assert (found.rule, found.severity) == ("no-answer", severity)


@pytest.mark.parametrize(
    ("answer", "severity"),
    [
        (Answer(400), Severity.ERROR),
        (Answer(413), Severity.ERROR),
        (Answer(411), Severity.WARNING),
        (Answer(501), Severity.WARNING),
        (Answer(400, minor=0), Severity.WARNING),
        (Answer(200), None),
        (Answer(500), None),
    ],
)
def test_chunks_have_to_be_read_but_a_length_may_be_wanted(
    answer: Answer, severity: Severity | None
) -> None:
    sent = Prepared("POST", "/p", {}, b"[1]", chunked=True)
    found = chunks_refused(Exchange(Case("x", sent, Claim.ALLOWED), answer, "http://h:1"))
    assert (found and (found.rule, found.severity)) == (severity and ("chunks", severity))


def test_an_answer_calls_itself_json_or_not() -> None:
    kinds = ["Application/JSON; charset=x", "application/problem+json", "text/json", None]
    assert [says_json(_answer(kind)) for kind in kinds] == [True, True, False, False]
