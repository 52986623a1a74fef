"""Resources tied to requests, on looks that are made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from harness.load import Traffic, kills, memory, processor
from harness.load.resources.used import cpu_per_request, memory_peak, student, throttled
from harness.model import Finding, Measurement, Severity, Usage

_MIB = 2**20


def _values(found: list[Any]) -> dict[str, float]:
    return {item.name: item.value for item in found if isinstance(item, Measurement)}


def _rules(found: list[Any]) -> dict[str, Severity]:
    return {item.rule: item.severity for item in found if isinstance(item, Finding)}


def test_memory_is_a_share_of_the_limit_that_the_runtime_tells(
    traffic: Callable[..., Traffic],
) -> None:
    usage = tuple(
        Usage(float(i), memory_bytes=(100 + i) * _MIB, memory_limit_bytes=200 * _MIB)
        for i in range(1, 9)
    )
    run = traffic(response=np.full(10, 0.01), usage=usage, memory_limit_bytes=1000.0 * _MIB)
    assert _values(memory(run)) == {"memory_peak": pytest.approx(54.0)}


def test_a_peak_that_no_look_has_seen_leaves_the_limit_open(
    traffic: Callable[..., Traffic],
) -> None:
    """A file of 460 MiB that is written and removed in between raises the kernel's peak as well."""
    usage = tuple(
        Usage(float(at), memory_bytes=14 * _MIB, cache_bytes=0, memory_peak_bytes=peak * _MIB)
        for at, peak in enumerate((20, 480, 480))
    )
    run = traffic(response=np.full(10, 0.01), usage=usage, memory_limit_bytes=512.0 * _MIB)
    (found, _) = memory(run)
    assert isinstance(found, Measurement)
    assert found.value == found.low == pytest.approx(100 * 14 / 512)
    assert found.high == pytest.approx(100 * 480 / 512)


def test_time_spent_waiting_for_memory_is_told_where_the_kernel_does(
    traffic: Callable[..., Traffic],
) -> None:
    usage = tuple(
        Usage(float(at), memory_bytes=_MIB, memory_stalled_s=3.0 + 0.25 * at) for at in range(9)
    )
    run = traffic(response=np.full(10, 0.01), usage=usage, memory_limit_bytes=2.0 * _MIB)
    assert _values(memory(run))["memory_stalled"] == pytest.approx(25.0)


def test_a_peak_between_two_looks_is_seen_without_the_page_cache() -> None:
    looks = (
        Usage(1.0, memory_bytes=100, cache_bytes=300, memory_peak_bytes=2000),
        Usage(2.0, memory_bytes=100, cache_bytes=200, memory_peak_bytes=2000),
        Usage(3.0, memory_bytes=120, cache_bytes=200, memory_peak_bytes=2500),
    )
    assert memory_peak(looks) == 2300
    assert memory_peak(looks[:2]) == 100  # what was before the load is not of the load
    assert memory_peak((Usage(1.0),)) is None


def test_the_price_of_a_request_is_what_was_spent_between_the_looks() -> None:
    usage = [Usage(float(at), cpu_s=7.0 + 0.3 * at) for at in range(11)]
    found = cpu_per_request(usage, np.arange(0.0, 10.0, 0.01), 0.95)
    assert found is not None and found.low is not None and found.high is not None
    assert found.value == pytest.approx(3.0, rel=0.01)
    assert found.low <= found.value <= found.high
    assert (found.unit, found.n) == ("ms", 1000)


def test_a_price_that_differs_from_second_to_second_has_a_wide_interval() -> None:
    spent = np.cumsum([0.0, 0.1, 0.5, 0.1, 0.5, 0.1, 0.5, 0.1, 0.5, 0.1, 0.5])
    usage = [Usage(float(at), cpu_s=float(cpu)) for at, cpu in enumerate(spent)]
    found = cpu_per_request(usage, np.arange(0.0, 10.0, 0.01), 0.95)
    assert found is not None and found.low is not None and found.high is not None
    assert found.low < 1.6 and found.high > 4.4


@pytest.mark.parametrize(
    ("cpu", "sent"),
    [
        ([1.0, 2.0, 3.0], [0.5, 1.5]),  # too few looks for an interval
        ([1.0, 2.0, 3.0, 0.5, 1.0, 2.0, 3.0], [0.5, 1.5]),  # counted anew from zero
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], []),
        ([None] * 9, [0.5, 1.5]),
    ],
)
def test_a_price_that_cannot_be_told_is_none(cpu: list[float | None], sent: list[float]) -> None:
    usage = [Usage(float(at), cpu_s=value) for at, value in enumerate(cpu)]
    assert cpu_per_request(usage, np.array(sent), 0.95) is None


@pytest.mark.parametrize(("confidence", "freedom"), [(0.95, 4), (0.99, 9), (0.9, 29)])
def test_students_t_is_that_of_scipy(confidence: float, freedom: int) -> None:
    assert student(confidence, freedom) == pytest.approx(t.ppf((1 + confidence) / 2, freedom))


def test_throttling_is_a_share_of_the_periods_under_load() -> None:
    usage = (
        Usage(1.0, periods=100, throttled_periods=90),
        Usage(2.0, periods=150, throttled_periods=100),
    )
    found = throttled(usage)
    assert found is not None and (found.value, found.n) == (20.0, 50)
    assert throttled(usage[:1]) is None
    assert throttled((usage[0], replace(usage[0], at=2.0))) is None


def test_kills_count_from_the_start_of_the_candidate(traffic: Callable[..., Traffic]) -> None:
    usage = (
        Usage(1.0, oom_kills=1, restarts=0, memory_limit_bytes=64 * _MIB),
        Usage(2.0, oom_kills=3, restarts=0),
    )
    found = kills(traffic(response=np.full(10, 0.01), usage=usage[:1]), usage[1])
    assert _values(found) == {"oom_kills": 3, "restarts": 0}
    assert _rules(found) == {"killed-for-memory": Severity.WARNING}
    text = next(item.message for item in found if isinstance(item, Finding))
    assert "killed 3 processes" in text and "64 MiB" in text


@pytest.mark.parametrize(
    ("lost", "restarts", "severity"), [(0, 0, Severity.INFO), (2, 1, Severity.WARNING)]
)
def test_a_replaced_process_counts_where_requests_got_no_answer(
    traffic: Callable[..., Traffic], lost: int, restarts: int, severity: Severity
) -> None:
    response = np.full(100, 0.01)
    response[:lost] = np.inf
    run = traffic(response=response, usage=(Usage(1.0, oom_kills=0, restarts=1),))
    found = kills(run, Usage(2.0))
    assert _values(found) == {"oom_kills": 0, "restarts": restarts}
    assert _rules(found) == {"processes-replaced": severity}


def test_users_of_a_protocol_without_a_status_have_lost_nothing_by_that(
    traffic: Callable[..., Traffic],
) -> None:
    run = traffic(response=np.full(100, 0.01), usage=(Usage(1.0, oom_kills=0, restarts=1),))
    run = replace(run, window=replace(run.window, status=np.zeros(100, dtype=np.int16)))
    assert _values(kills(run, Usage(2.0))) == {"oom_kills": 0, "restarts": 0}


def test_what_was_not_measured_is_nothing_and_never_zero(traffic: Callable[..., Traffic]) -> None:
    run = traffic(response=np.full(10, 0.01), usage=(Usage(1.0), Usage(2.0)))
    assert memory(run) == processor(run) == kills(run, Usage(3.0)) == []
