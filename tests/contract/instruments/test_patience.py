"""Patience ends: with the time, with silence, and with answers too large to be kept."""

from __future__ import annotations

import itertools

from harness.contract import Answer, Client, Prepared
from harness.contract.instruments.patience import Patience, Polite
from harness.testing import Reply, serve

MUTE = Answer(0, error="no answer within 10 s")


def test_it_is_not_over_at_the_beginning() -> None:
    assert Patience().over == ""


def test_two_requests_without_an_answer_are_enough() -> None:
    patience = Patience()
    patience.count(MUTE)
    assert patience.over == ""
    patience.count(MUTE)
    assert patience.over == "2 requests had no answer"


def test_the_time_is_up_when_it_is() -> None:
    assert Patience(-1.0).over == "-1 s were up"


def test_answers_count_by_their_weight_where_they_are_kept() -> None:
    large = Answer(200, body=b"[" + b"{}," * 400_000 + b"{}]")
    kept, let_go = Patience(keeps=True), Patience()
    kept.count(large)
    let_go.count(large)
    assert (kept.over, let_go.over) == ("the answers take more than 64 MiB of memory", "")


def test_a_limit_of_rate_is_waited_for() -> None:
    count = itertools.count()

    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"{}", 429 if next(count) < 3 else 200)

    with serve(answer) as fake, Client(fake.base_url) as client:
        assert Polite(client).send(Prepared("POST", "/p")).status == 200


def test_a_service_that_always_has_too_much_to_do_is_not_waited_for_for_ever() -> None:
    count = itertools.count()

    def answer(method: str, path: str, body: bytes) -> Reply:
        next(count)
        return Reply(b"{}", 429, {"Retry-After": "0"})

    with serve(answer) as fake, Client(fake.base_url) as client:
        assert Polite(client, left=0.05).send(Prepared("POST", "/p")).status == 429
    assert next(count) == 6
