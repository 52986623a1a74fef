"""How JSON is written: strict to who asks strictly, and a warning to who does not."""

from __future__ import annotations

import pytest

from harness import Severity
from harness.contract import Answer, Case, Claim, Exchange, Prepared
from harness.contract.judging.written import asks_strictly, judge_written

JSON = (("Content-Type", "application/json"),)


def _exchange(sent: bytes, got: bytes, status: int = 200) -> Exchange:
    case = Case("a request", Prepared("POST", "/p", {}, sent), Claim.ODD)
    return Exchange(case, Answer(status, JSON, got), "http://h:1")


@pytest.mark.parametrize(
    ("sent", "severity"),
    [(b"[1]", Severity.ERROR), (b"", Severity.ERROR), (b"[NaN]", Severity.WARNING)],
)
def test_who_sends_no_strict_json_may_get_the_like_back(sent: bytes, severity: Severity) -> None:
    (found,) = judge_written(_exchange(sent, b"[NaN]"))
    assert (found.rule, found.severity) == ("json-nonfinite", severity)


def test_each_problem_says_where_the_promise_stands() -> None:
    rules = {
        b"\xef\xbb\xbf{}": "RFC 8259 section 8.1",
        b'{"a": 1, "a": 2}': "RFC 7493 section 2.3",
        b"[1e999]": "RFC 7493 section 2.2",
    }
    for body, promise in rules.items():
        (found,) = judge_written(_exchange(b"[1]", body))
        assert found.expected == f"JSON that every reader reads alike (by {promise})"


def test_an_error_says_its_status_and_what_it_refused() -> None:
    (found,) = judge_written(_exchange(b"[1]", b"[NaN]", 422))
    assert found.message.endswith("in the error of status 422 for a request")


def test_a_whole_number_beyond_every_double_is_strict_enough() -> None:
    assert asks_strictly(_exchange(b"[123456789012345678901]", b"{}"))
