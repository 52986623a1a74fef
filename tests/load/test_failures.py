"""What the error check says beside its figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from harness.load import Traffic, failures
from harness.load.phases import Failure
from harness.model import Outcome, Severity


def test_only_the_most_frequent_kind_weighs_and_only_where_a_limit_failed(
    traffic: Callable[..., Traffic],
) -> None:
    kinds = (Failure("POST /a", 500, "status 500", 9), Failure("POST /a", 0, "no answer", 1))
    run = traffic(response=np.full(100, 0.01), failures=kinds)
    failed, passed = failures(run, {Outcome.FAILED}), failures(run, {Outcome.PASSED})
    assert [item.severity for item in failed] == [Severity.ERROR, Severity.WARNING]
    assert [item.severity for item in passed] == [Severity.WARNING, Severity.WARNING]
    assert failed[0].message == "9 requests failed: status 500"


def test_what_may_have_failed_is_the_doubt_of_a_limit_that_it_leaves_open(
    traffic: Callable[..., Traffic],
) -> None:
    run = traffic(response=np.full(100, 0.01))
    run = replace(run, window=replace(run.window, perhaps=np.arange(100) < 7))
    (open_,) = failures(run, {Outcome.INCONCLUSIVE})
    (kept,) = failures(run, {Outcome.PASSED})
    assert (open_.severity, kept.severity) == (Severity.DOUBT, Severity.WARNING)
    assert open_.message.startswith("7 of 100 requests may have failed")


def test_a_run_without_failures_says_nothing(traffic: Callable[..., Traffic]) -> None:
    assert failures(traffic(response=np.full(100, 0.01)), {Outcome.PASSED}) == []
