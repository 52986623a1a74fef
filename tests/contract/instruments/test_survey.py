"""The survey: every valid request once, and an end to what hangs."""

from __future__ import annotations

from collections.abc import Callable

from harness.contract import Case, Claim, Prepared
from harness.contract.instruments.survey import survey
from harness.testing import Reply, serve

CASES = [Case(f"case {n}", Prepared("POST", f"/{n}", {}, b"1"), Claim.VALID) for n in range(5)]


def test_each_case_is_asked_once_and_in_order() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        asked.append(path)
        return Reply(b"1")

    with serve(answer) as fake:
        seen = survey(CASES, fake.base_url)
    assert asked == ["/0", "/1", "/2", "/3", "/4"] and seen.unsent == 0
    assert [exchange.case for exchange in seen.exchanges] == CASES


def test_after_two_requests_without_an_answer_no_more_are_sent(
    raw_server: Callable[..., str],
) -> None:
    seen = survey(CASES, raw_server(b""))
    assert (len(seen.exchanges), seen.unsent) == (2, 3)
