"""Quiet answers: from before the load, one at a time, and never for ever."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract, calibrated
from harness.load.driving.quiet import Quiet
from harness.testing import Reply, serve


@pytest.fixture
def surveyed(
    texts: Callable[..., Contract], service: type[Any]
) -> Iterator[tuple[Any, Contract, str]]:
    """A service, its contract of 40 requests, which have been asked, and its address."""
    one = service()
    with serve(one) as endpoint:
        contract = texts(examples=40)
        calibrated(contract, endpoint.base_url)
        one.asked.clear()
        yield one, contract, endpoint.base_url


def test_some_requests_are_asked_before_the_load_and_their_answers_stay_the_reference(
    texts: Callable[..., Contract], requests: Path, service: type[Any]
) -> None:
    one = service()
    with serve(one) as endpoint:
        quiet = Quiet(texts(), endpoint.base_url, requests)
        before = quiet.reference(0)
        one.alone = lambda text, score: 0.5
        assert len(quiet.ask([0, 59])) == 2
    assert before is not None and quiet.reference(0) is before
    after = quiet.reference(59)
    assert after is not None and after.answer.body == b'{"score": 0.5}'
    assert {0, 59} <= quiet.known


def test_of_several_answers_after_the_load_the_most_frequent_one_counts(
    texts: Callable[..., Contract], requests: Path, service: type[Any]
) -> None:
    one = service()
    with serve(one) as endpoint:
        quiet = Quiet(texts(), endpoint.base_url, requests)
        one.alone = lambda text, score: 0.5  # it has not recovered yet
        quiet.ask([59])
        one.alone = lambda text, score: score
        right = quiet.ask([59])[59]
        quiet.ask([59])
    usual = quiet.reference(59)
    assert usual is not None and usual.answer.body == right.answer.body


def test_a_service_whose_answers_never_repeat_is_not_compared(
    texts: Callable[..., Contract], requests: Path, service: type[Any]
) -> None:
    count = itertools.count()
    one = service(alone=lambda text, score: float(next(count)) + 0.5)
    with serve(one) as endpoint:
        quiet = Quiet(texts(), endpoint.base_url, requests)
    assert quiet.problem == "no request has the same answer twice, one at a time"


def test_a_service_without_a_right_answer_is_not_compared(
    texts: Callable[..., Contract], requests: Path
) -> None:
    with serve(lambda method, path, body: Reply(b"{}", 500)) as endpoint:
        quiet = Quiet(texts(), endpoint.base_url, requests)
    assert quiet.problem == "no valid request was answered with 200: there is nothing to compare"


def test_nobody_waits_for_an_endpoint_that_has_gone(
    texts: Callable[..., Contract], requests: Path, service: type[Any]
) -> None:
    with serve(service()) as endpoint:
        quiet = Quiet(texts(), endpoint.base_url, requests)
    assert quiet.ask([58, 59]) == {}


def test_without_a_file_of_requests_nothing_is_asked(
    texts: Callable[..., Contract], tmp_path: Path, service: type[Any]
) -> None:
    with serve(service()) as endpoint:
        quiet = Quiet(texts(), endpoint.base_url, tmp_path / "none.jsonl")
    assert quiet.known == frozenset()


def test_where_some_answers_are_still_those_of_the_survey_all_of_the_survey_counts(
    surveyed: tuple[Any, Contract, str], requests: Path
) -> None:
    one, contract, url = surveyed
    quiet = Quiet(contract, url, requests)
    assert len(one.asked) == len(quiet.before) == 12
    assert len(quiet.known) == len(quiet.lot) == 40


def test_answers_that_are_not_the_surveys_are_asked_for_again_after_a_rest(
    surveyed: tuple[Any, Contract, str], requests: Path
) -> None:
    one, contract, url = surveyed
    one.alone = lambda text, score: 0.5 if len(one.asked) < 5 else score
    quiet = Quiet(contract, url, requests)
    right = quiet.reference(0)
    assert len(one.asked) == 24
    assert len(quiet.known) == 40
    assert right is not None and right.answer.body != b'{"score": 0.5}'


def test_a_survey_whose_answers_have_changed_since_does_not_count(
    surveyed: tuple[Any, Contract, str], requests: Path
) -> None:
    one, contract, url = surveyed
    one.alone = lambda text, score: 0.5
    quiet = Quiet(contract, url, requests)
    assert quiet.known == quiet.lot == set(quiet.before)
    assert len(quiet.before) == 12


def test_a_request_that_was_sent_in_another_way_is_another_one(
    surveyed: tuple[Any, Contract, str], requests: Path
) -> None:
    """In chunks, say: its answer may be another."""
    _, contract, url = surveyed
    lines = [json.loads(line) for line in requests.read_text().splitlines()]
    lines[0]["headers"]["X-Other"] = "way"
    requests.write_text("".join(json.dumps(line) + "\n" for line in lines))
    quiet = Quiet(contract, url, requests)
    assert 0 not in quiet.known
    assert len(quiet.known) == 39
