"""The part of a load run that one endpoint had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from harness.load import LoadError, Traffic
from harness.load.names import numbers, part, refuse_absent

NAMES = {0: "POST /predict", 1: "GET /health", 2: "warm", 3: "(other)"}
Making = Callable[..., Traffic]


def _two(traffic: Making, slow: float = 0.4, unsent: int = 0) -> Traffic:
    """900 requests of `/predict` that take 10 ms, and 100 of `/health`, one in ten."""
    health = np.arange(1000) % 10 == 0
    made = traffic(np.where(health, slow, 0.01), names=NAMES)
    ids = health.astype(np.uint16)
    nameless = np.arange(1000) >= 1000 - unsent
    ids[nameless] = 3
    response = np.where(nameless, np.inf, made.window.response)
    return replace(
        made,
        window=replace(
            made.window,
            response=response,
            status=np.where(nameless, 0, 200).astype(np.int16),
            unsent=nameless,
            names=ids,
            error_names=ids,
        ),
    )


@pytest.mark.parametrize(
    ("names", "label", "expected"),
    [
        (NAMES, "predict", [0]),
        (NAMES, "/predict", [0]),
        (NAMES, "POST /predict", [0]),
        (NAMES, "GET /predict", []),
        (NAMES, "pred", []),
        (NAMES, "warm", [2]),
        ({0: "GET /a", 1: "POST /a"}, "a", [0, 1]),
        ({0: "my task", 1: "/a b"}, "task", []),
    ],
)
def test_a_label_is_a_name_with_or_without_method_and_slash(
    names: Mapping[int, str], label: str, expected: list[int]
) -> None:
    assert numbers(names, label) == expected


def test_a_percentile_of_one_name_leaves_the_others_out(traffic: Making) -> None:
    run = _two(traffic)
    found = run.measure("latency_p95{name=predict}")
    assert found is not None
    assert (found.name, found.value, found.n) == ("latency_p95{name=predict}", 10.0, 900)
    whole = run.measure("latency_p95")
    assert whole is not None and whole.value == 400.0


def test_the_errors_of_one_name_are_counted_among_its_own(traffic: Making) -> None:
    run = _two(traffic, slow=np.inf)
    rates = [run.measure(f"error_rate{{name={name}}}") for name in ("predict", "health")]
    assert [(rate.value, rate.n) for rate in rates if rate] == [(0.0, 900), (100.0, 100)]


def test_a_name_without_requests_has_no_measurement(traffic: Making) -> None:
    assert _two(traffic).measure("latency_p95{name=warm}") is None
    assert part(_two(traffic), "nobody") is None


def test_requests_of_unknown_name_widen_the_interval_and_not_the_value(traffic: Making) -> None:
    known = _two(traffic).measure("latency_p90{name=predict}")
    found = _two(traffic, unsent=200).measure("latency_p90{name=predict}")
    assert known is not None and found is not None
    assert (found.value, found.low) == (10.0, known.low)
    assert found.high == 3_600_000.0 and known.high is not None and known.high < 1000


def test_requests_that_were_never_answered_count_under_their_own_name(traffic: Making) -> None:
    run = _two(traffic, unsent=200)
    names = np.where(run.window.unsent, 0, run.window.names).astype(np.uint16)
    own = replace(run, window=replace(run.window, names=names))
    found = own.measure("latency_p90{name=predict}")
    assert found is not None
    assert (found.value, found.n) == (3_600_000.0, 920)


def test_too_few_requests_of_a_name_say_how_long_it_would_take(traffic: Making) -> None:
    """736 of one in ten at 100 /s."""
    told = _two(traffic).unbounded("latency_p99{name=health}")
    assert "cannot be bounded by 100 requests: at least 736 are needed" in told
    assert "set load.duration to 74 s" in told


def test_a_percentile_of_a_name_that_no_answer_reaches_tells_its_own_numbers(
    traffic: Making,
) -> None:
    told = _two(traffic, slow=np.inf).endless("latency_p50{name=health}")
    assert told.endswith("is not finite: 100 of 100 requests got no right answer")


def test_a_limit_on_a_name_that_never_occurred_is_refused_with_those_that_did(
    traffic: Making,
) -> None:
    run = _two(traffic)
    refuse_absent(run, ["latency_p99", "latency_p95{name=predict}"])
    with pytest.raises(LoadError, match="'latency_p95{name=predcit}'.*'POST /predict', 'GET /hea"):
        refuse_absent(run, ["latency_p95{name=predcit}"])
