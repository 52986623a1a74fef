"""Asking ends when its time is up, when nothing answers, and when nobody is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.contract import Contract, batch, history, order, padding, repeatable
from harness.contract.relations.asking import Asker
from harness.contract.requests.cases import Case, Claim, prepared
from harness.errors import CandidateNotReady, GateError
from harness.testing import Handler, Reply, serve

CASE = Case("one", prepared("/", b"1"), Claim.VALID, 1)


def test_requests_beyond_the_time_are_counted_as_left_out() -> None:
    with serve(lambda method, path, body: Reply(b"1")) as fake:
        with Asker(fake.base_url, seconds=-1.0) as asker:
            assert asker.ask(CASE) is None
            assert asker.left_out == 1


def test_a_candidate_that_is_gone_is_not_ready() -> None:
    with serve(lambda method, path, body: Reply(b"1")) as fake:
        url = fake.base_url
    with Asker(url) as asker, pytest.raises(CandidateNotReady, match="answers no more"):
        asker.ask(CASE)


def test_an_abuse_without_an_answer_is_swallowed() -> None:
    def drop(method: str, path: str, body: bytes) -> Reply:
        raise ConnectionAbortedError

    with serve(drop) as fake, Asker(fake.base_url) as asker:
        for _ in range(5):
            asker.abuse(CASE)
        assert not asker.done


def test_a_service_that_no_longer_answers_in_time_is_an_error_and_no_success(
    rows_contract: Callable[..., Contract],
    rows_service: Callable[..., Handler],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contract = rows_contract()
    with serve(rows_service(lambda rows: [0.5 for _ in rows])) as fake:
        contract.survey(fake.base_url)
        monkeypatch.setattr(Asker, "done", property(lambda self: True))
        for relation in (repeatable, history, batch, order, padding):
            with pytest.raises(GateError):
                relation(contract, fake.base_url)
