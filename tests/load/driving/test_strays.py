"""A fast wrong answer is an error; what differs quietly too is none."""

from __future__ import annotations

import itertools
import random
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.contract import Contract, Relation, calibrated
from harness.load.driving import quiet as asking
from harness.load.driving import strays
from harness.load.driving.quiet import Quiet
from harness.load.driving.strays import Strays
from harness.model import Severity
from harness.testing import serve


@pytest.fixture
def found(
    texts: Callable[..., Contract],
    requests: Path,
    put_load: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Strays]:
    """found(service, more, turns, examples): what is said of a service after load on it."""
    monkeypatch.setattr(asking, "_PAUSE", 0.0)  # this service has no other load to rest from

    def make(service: Any, more: str = "", turns: int = 5, examples: int = 12) -> Strays:
        with serve(service) as endpoint:
            contract = texts(more, examples)
            calibrated(contract, endpoint.base_url)
            service.surveyed = True
            quiet = Quiet(contract, endpoint.base_url, requests)
            assert quiet.problem == ""
            kept, times = put_load(endpoint.base_url, service, turns)
            return strays.find(quiet, kept, times)

    return make


def _seldom(every: int, wrong: Callable[[str, float], float]) -> Callable[[str, float], float]:
    """Wrong each so many requests, never twice the same one in a row."""
    count = itertools.count(1)
    return lambda text, score: wrong(text, score) if next(count) % every == 0 else score


def test_a_constant_answer_under_load_is_an_error_with_request_and_both_answers(
    found: Callable[..., Strays], service: type[Any]
) -> None:
    told = found(service(under_load=lambda text, score: 0.5))
    assert len(told.ids) > 50  # each request has one such answer, and most have a quiet one
    first = told.findings[0]
    assert (first.rule, first.severity) == ("other-answer", Severity.ERROR)
    assert "answers that were compared are others under load than alone" in first.message
    assert first.message.endswith("to this request 5")
    assert (first.location, first.received) == ("$.score", "0.5")
    assert first.expected.endswith(", as alone")
    assert first.reproduce.startswith("curl ") and "/predict" in first.reproduce


def test_the_answer_of_a_neighbour_now_and_then_is_an_error(
    found: Callable[..., Strays], service: type[Any]
) -> None:
    other = zlib.crc32(b"text number 7") / 2**32
    told = found(service(under_load=_seldom(31, lambda text, score: other)), turns=10)
    assert 5 <= len(told.ids) <= 20
    assert told.findings[0].severity is Severity.ERROR
    assert "the answer that belongs to another one" in told.findings[0].message


def test_a_service_that_goes_on_answering_wrongly_after_the_load_is_no_better(
    found: Callable[..., Strays], service: type[Any]
) -> None:
    """A circuit breaker that stays open: the answers from before the load tell."""
    broken: list[bool] = []

    def fall_back(text: str, score: float) -> float:
        broken.append(True)
        return 0.5

    told = found(service(under_load=fall_back, alone=lambda t, score: 0.5 if broken else score))
    assert told.findings[0].severity is Severity.ERROR
    assert told.findings[0].received == "0.5"


@pytest.mark.parametrize("answers", [10, 30, 100])
def test_a_service_that_is_still_busy_after_the_load_is_blamed_all_the_same(
    found: Callable[..., Strays], service: type[Any], answers: int
) -> None:
    """What it answers meanwhile is not taken for what it answers alone."""
    busy = itertools.count()

    def recovering(text: str, score: float) -> float:
        return 0.5 if loaded and next(busy) < answers else score

    loaded: list[bool] = []

    def wrong(text: str, score: float) -> float:
        loaded.append(True)
        return 0.5 if len(loaded) > 1200 else score

    told = found(service(under_load=wrong, alone=recovering), turns=25, examples=60)
    assert told.findings[0].severity is Severity.ERROR
    assert told.findings[0].received == "0.5"


@pytest.mark.parametrize("examples", [12, 60])
def test_of_two_labels_a_constant_that_stays_after_the_load_is_an_error(
    found: Callable[..., Strays], service: type[Any], examples: int
) -> None:
    """Half of the answers are right by accident: the others have to do."""
    broken: list[bool] = []

    def fall_back(text: str, score: float) -> float:
        broken.append(True)
        return 1.0

    def label(text: str, score: float) -> float:
        return 1.0 if broken else float(score > 0.5)

    told = found(service(under_load=fall_back, alone=label), examples=examples)
    assert told.findings[0].severity is Severity.ERROR
    assert (told.findings[0].expected, told.findings[0].received) == ("0.0, as alone", "1.0")


@pytest.mark.parametrize("changed", [1, 10, 40])
def test_answers_that_have_become_others_since_the_survey_are_not_the_loads_doing(
    found: Callable[..., Strays],
    service: type[Any],
    changed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = service()

    def drifted(text: str, score: float) -> float:
        return score / 2 if one.surveyed and 12 <= int(text.split()[-1]) < 12 + changed else score

    one.alone = one.under_load = drifted
    monkeypatch.setattr(strays, "_REPEATING", 3600.0)  # it ends as nothing is left to ask for
    monkeypatch.setattr(strays, "_MOST_REPEATS", 1_000_000)
    told = found(one, examples=60)
    assert {finding.severity for finding in told.findings} == {Severity.INFO}


def test_a_request_of_the_survey_needs_no_quiet_answer_of_its_own_to_be_compared(
    found: Callable[..., Strays], service: type[Any]
) -> None:
    def wrong(text: str, score: float) -> float:
        return 0.5 if int(text.split()[-1]) >= 57 else score

    told = found(service(under_load=wrong), turns=20, examples=60)
    assert (len(told.ids), told.findings[0].severity) == (3, Severity.ERROR)


@pytest.mark.parametrize(("under_load", "said"), [(1.0, [Severity.ERROR]), (None, [])])
def test_what_a_service_answers_that_is_still_busy_from_before_is_not_taken_for_right(
    found: Callable[..., Strays],
    service: type[Any],
    monkeypatch: pytest.MonkeyPatch,
    under_load: float | None,
    said: list[Severity],
) -> None:
    """Other checks have just asked a lot: for a while it answers with the commonest label."""
    one = service()
    ends: list[float] = []

    def label(text: str, score: float) -> float:
        if one.surveyed and not ends:
            ends.append(time.monotonic() + 0.5)
        busy = bool(ends) and time.monotonic() < ends[0]
        return 1.0 if busy else float(score > 0.5)

    one.alone = label
    one.under_load = lambda text, score: float(score > 0.5) if under_load is None else under_load
    monkeypatch.setattr(asking, "_REST", 0.6)
    assert [finding.severity for finding in found(one).findings[:1]] == said


@pytest.mark.parametrize("share", [1.0, 0.3, 0.05])
def test_a_service_that_draws_its_answers_is_not_blamed_for_it(
    found: Callable[..., Strays], service: type[Any], share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is as restless when it is asked alone; the rarest noise leaves room for doubt at most."""
    chance = random.Random(5)

    def draw(text: str, score: float) -> float:
        return chance.random() if chance.random() < share else score

    monkeypatch.setattr(Quiet, "_calibrate", _calibrated)
    told = found(service(under_load=draw, alone=draw))
    assert not told.ids
    assert {one.severity for one in told.findings} <= {Severity.INFO, Severity.DOUBT}
    assert share < 0.3 or {one.severity for one in told.findings} == {Severity.INFO}


def _calibrated(quiet: Quiet) -> Relation:
    """The calibration, also of a service that is better left alone."""
    return Relation.of("other-answer", calibrated(quiet.contract, quiet.base_url))


def test_more_wrong_answers_under_load_than_a_restless_service_gives_alone_are_an_error(
    found: Callable[..., Strays], service: type[Any]
) -> None:
    chance = random.Random(3)

    def seldom(text: str, score: float) -> float:
        return 0.25 if text.endswith("59") and chance.random() < 0.3 else score

    told = found(service(under_load=lambda text, score: 0.5, alone=seldom))
    assert told.findings[0].severity is Severity.ERROR


def test_one_odd_answer_of_hundreds_is_a_doubt(
    found: Callable[..., Strays], service: type[Any]
) -> None:
    told = found(service(under_load=_seldom(250, lambda text, score: 0.5)))
    (only,) = told.findings
    assert not told.ids
    assert (only.severity, only.message.partition(" of ")[0]) == (Severity.DOUBT, "1")


def test_rounding_and_what_is_another_each_time_are_the_same_answer(
    found: Callable[..., Strays], service: type[Any]
) -> None:
    ids = itertools.count()
    more: Callable[[], dict[str, Any]] = lambda: {"request_id": f"{next(ids):032x}"}  # noqa: E731
    assert found(service(under_load=lambda t, score: score + 2e-6, more=more)) == Strays()


def test_a_rule_that_the_gate_tolerates_is_a_warning_and_fails_no_request(
    found: Callable[..., Strays], service: type[Any]
) -> None:
    told = found(service(under_load=lambda t, s: 0.5), 'tolerate = ["other-answer"]')
    assert not told.ids
    assert {one.severity for one in told.findings} == {Severity.WARNING}


def test_requests_that_the_contract_does_not_speak_of_are_not_asked_again(
    texts: Callable[..., Contract], service: type[Any], requests: Path, put_load: Callable[..., Any]
) -> None:
    one = service(under_load=lambda text, score: 0.5)
    with serve(one) as endpoint:
        contract = texts()
        contract.survey(endpoint.base_url)
        quiet = Quiet(contract, endpoint.base_url, requests, promised=frozenset({3}))
        one.asked.clear()
        kept, times = put_load(endpoint.base_url, one, 20)
        told = strays.find(quiet, kept, times)
    assert set(one.asked) == {"text number 3"}
    assert told.ids == {answer.id for answer in kept if answer.request == 3}
