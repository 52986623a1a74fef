"""One rate, held against the limits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.limits import Limit
from harness.load import Traffic
from harness.load.planned.arrivals import schedule
from harness.load.rates import probes
from harness.load.rates.probes import Terms
from harness.model import Outcome
from tests.load.simulation import Simulated


def _terms(**limits: str) -> Terms:
    return Terms.of({name: Limit.parse(text) for name, text in limits.items()}, 0.95)


def test_a_rate_far_below_the_limit_passes_and_one_beyond_the_service_fails() -> None:
    terms = _terms(latency_p99="<= 50 ms", error_rate="<= 1 %")

    kept = probes.probe(Simulated(work=0.005), 60.0, terms, 60.0, 64, 1)
    broken = probes.probe(Simulated(work=0.005), 260.0, terms, 60.0, 64, 1)

    assert (kept.outcome, kept.why) == (Outcome.PASSED, "")
    assert broken.outcome is Outcome.FAILED
    assert broken.why.startswith("latency_p99") and broken.why.endswith("limit <= 50 ms")


def test_a_hopeless_probe_ends_early() -> None:
    service = Simulated(work=0.01)
    found = probes.probe(service, 400.0, _terms(latency_p99="<= 50 ms"), 60.0, 64, 1)

    assert found.outcome is Outcome.FAILED
    assert found.n < 0.8 * 400 * probes.lasts(400.0, _terms(latency_p99="<= 50 ms"), 60.0)


def test_a_queue_that_grows_below_a_generous_limit_does_not_pass() -> None:
    service = Simulated(work=0.005)
    found = probes.probe(service, 208.0, _terms(latency_p99="<= 60 s"), 60.0, 64, 1)

    assert found.outcome is Outcome.INCONCLUSIVE or found.why == ""
    phase = Simulated(work=0.005).open(schedule(230.0, 10.0, seed=1), patience=60.0)
    judged = probes.judged(phase, 230.0, _terms(latency_p99="<= 8 s"))
    assert judged.outcome is Outcome.INCONCLUSIVE
    assert "a queue grows" in judged.why


def test_failures_are_slower_than_any_limit_and_count_as_errors() -> None:
    phase = Simulated(work=0.005, most=0).open(schedule(100.0, 10.0, seed=1))

    found = probes.judged(phase, 100.0, _terms(error_rate="<= 1 %"))

    assert found.outcome is Outcome.FAILED
    assert found.why.startswith("error_rate 100 %")
    assert np.isinf(found.p99)


def test_a_rate_fails_only_where_the_client_was_in_order() -> None:
    class Busy(Simulated):
        def open(self, *args: object, **keys: object) -> object:  # type: ignore[override]
            from dataclasses import replace

            phase = super().open(*args, **keys)  # type: ignore[arg-type]
            return replace(phase, client_cpu=0.97)

    terms = _terms(latency_p99="<= 50 ms")
    found = probes.probe(Busy(work=0.01), 400.0, terms, 60.0, 64, 1)  # type: ignore[arg-type]

    assert found.outcome is Outcome.INCONCLUSIVE
    assert "97" in found.why


@pytest.mark.parametrize(("rate", "seconds"), [(1000.0, 2.0), (100.0, 10.63), (10.0, 60.0)])
def test_a_probe_lasts_as_long_as_its_percentiles_need(rate: float, seconds: float) -> None:
    assert probes.lasts(rate, _terms(latency_p99="<= 50 ms"), 60.0) == pytest.approx(
        seconds, abs=0.01
    )


def test_few_errors_need_as_many_requests_as_the_percentile_beyond_which_they_lie() -> None:
    assert _terms(error_rate="<= 1 %").needed == _terms(latency_p99="<= 1 s").needed
    assert _terms(error_rate="<= 0.1 %").needed == _terms(latency_p99_9="<= 1 s").needed


def test_the_main_run_is_a_probe_of_its_rate_unless_it_shows_nothing(
    traffic: Callable[..., Traffic],
) -> None:
    terms = _terms(latency_p99="<= 50 ms")
    good, bad = np.full(1000, 0.01), np.full(1000, 0.2)

    (kept,) = probes.of_run(traffic(good, rate=70.0), terms)
    (broken,) = probes.of_run(traffic(bad, rate=70.0), terms)

    assert (kept.rate, kept.outcome, kept.n) == (70.0, Outcome.PASSED, 1000)
    assert broken.outcome is Outcome.FAILED
    assert probes.of_run(traffic(bad, excuses=("busy",)), terms) == []
    assert probes.of_run(traffic(good, doubts=("off",)), terms) == []
    assert probes.of_run(traffic(good[:50]), terms) == []


def test_only_latencies_and_errors_are_terms_of_a_rate() -> None:
    terms = _terms(latency_p99_9="<= 1 s", latency_p50="<= 20 ms", throughput_share=">= 95 %")

    assert sorted(terms.limits) == ["latency_p50", "latency_p99_9"]
    assert terms.tightest == pytest.approx(0.02)
