"""What the error check says beside its figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from harness.load import Traffic, failed_requests
from harness.load.driving.phases import Failure, Phase
from harness.load.driving.record import ROW
from harness.model import Finding, Outcome, Severity

ROWS = np.zeros(0, dtype=ROW)


def test_only_the_most_frequent_kind_weighs_and_only_where_a_limit_failed(
    traffic: Callable[..., Traffic],
) -> None:
    kinds = (Failure("POST /a", 500, "status 500", 9), Failure("POST /a", 0, "no answer", 1))
    run = traffic(response=np.full(100, 0.01), failures=kinds)
    failed, passed = failed_requests(run, {Outcome.FAILED}), failed_requests(run, {Outcome.PASSED})
    assert [item.severity for item in failed] == [Severity.ERROR, Severity.WARNING]
    assert [item.severity for item in passed] == [Severity.WARNING, Severity.WARNING]
    assert failed[0].message == "9 requests failed: status 500"


def test_what_may_have_failed_is_the_doubt_of_a_limit_that_it_leaves_open(
    traffic: Callable[..., Traffic],
) -> None:
    run = traffic(response=np.full(100, 0.01))
    run = replace(run, window=replace(run.window, perhaps=np.arange(100) < 7))
    (open_,) = failed_requests(run, {Outcome.INCONCLUSIVE})
    (kept,) = failed_requests(run, {Outcome.PASSED})
    assert (open_.severity, kept.severity) == (Severity.DOUBT, Severity.WARNING)
    assert open_.message.startswith("7 of 100 requests may have failed")


def test_a_run_without_failures_says_nothing(traffic: Callable[..., Traffic]) -> None:
    assert failed_requests(traffic(response=np.full(100, 0.01)), {Outcome.PASSED}) == []


def test_a_refusal_that_a_locustfile_calls_right_is_told(traffic: Callable[..., Traffic]) -> None:
    run = traffic(response=np.full(100, 0.01))
    status = np.where(np.arange(100) < 8, 404, 200).astype(np.int16)
    (found,) = failed_requests(
        replace(run, window=replace(run.window, status=status)), {Outcome.PASSED}
    )
    assert (found.rule, found.severity) == ("called-right", Severity.WARNING)
    assert found.message.startswith("8 requests were answered with status 404")


def test_a_recorded_refusal_needs_no_word_on_it(traffic: Callable[..., Traffic]) -> None:
    run = traffic(response=np.full(100, 0.01), traced=True)
    status = np.where(np.arange(100) < 8, 404, 200).astype(np.int16)
    run = replace(run, window=replace(run.window, status=status))
    assert failed_requests(run, {Outcome.PASSED}) == []


def test_answers_that_are_others_than_without_load_are_told_whatever_the_limits_say(
    traffic: Callable[..., Traffic],
) -> None:
    stray = Finding("other-answer", "9 of 9 answers are others under load than alone")
    phase = Phase(1, "open", "http://127.0.0.1:1", ROWS, 0.0, 1.0, strays=(stray,))
    run = traffic(response=np.full(100, 0.01), phase=phase)
    assert failed_requests(run, {Outcome.PASSED}) == [stray]
