"""Live counts held against the gate's limits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.binomial import LEAST_INFLATION, clopper_pearson
from harness.model import Outcome
from harness.report import Report, parse
from harness.server.controllers.live import Compared, Planned, held, plan
from harness.server.controllers.settings import Source
from harness.server.controllers.sources import SourceError

SUBJECT = {"digest": "sha256:" + "1" * 64, "hex": "1" * 64, "name": "sentiment"}
ERRORS = {"name": "load.error_rate", "count": "e", "of": "n", "limit": "<= 1 %"}
SLOW = {"name": "load.latency_p99", "count": 's{le="{limit_s}"}', "of": 'n{d="{digest}"}[{window}]'}


@pytest.fixture
def report(make_report: Callable[..., bytes]) -> Report:
    """One whose p99 of 41.5 ms was held against 100 ms."""
    return parse(make_report())


def planned(report: Report, **measurement: object) -> Planned:
    """What is asked of one measurement."""
    source = Source.model_validate({"url": "http://p", "measurements": [measurement]})
    (found,) = plan(report, source, SUBJECT)
    return found


def judged(report: Report, count: float | None, of: float | None) -> Compared:
    """Errors under a limit of 1 %."""
    return held(planned(report, **ERRORS), count, of, 0.95)


@pytest.mark.parametrize(
    ("count", "of", "outcome"),
    [
        (0, 10_000, Outcome.PASSED),
        (20, 10_000, Outcome.PASSED),
        (95, 10_000, Outcome.INCONCLUSIVE),
        (0, 100, Outcome.INCONCLUSIVE),
        (300, 10_000, Outcome.FAILED),
        (100, 100, Outcome.FAILED),
        (0.0, 0.4, Outcome.INCONCLUSIVE),
        (0, 0, Outcome.INCONCLUSIVE),
        (None, 10_000, Outcome.INCONCLUSIVE),
        (0, None, Outcome.INCONCLUSIVE),
        (101, 100, Outcome.ERRORED),
    ],
)
def test_counts_pass_or_fail_by_their_interval_and_no_traffic_is_inconclusive(
    report: Report, count: float | None, of: float | None, outcome: Outcome
) -> None:
    assert judged(report, count, of).outcome is outcome


def test_the_interval_is_the_one_of_a_load_run_in_which_nothing_clustered(report: Report) -> None:
    live = judged(report, 30.0, 4000.0).live
    low, high = clopper_pearson(30 / LEAST_INFLATION, 4000 / LEAST_INFLATION, 0.95)
    assert live is not None and live.low is not None and live.high is not None
    assert (live.value, live.n, live.unit) == (0.75, 4000, "%")
    assert (live.low, live.high) == pytest.approx((100 * low, 100 * high))


def test_a_source_that_fails_is_an_error_and_says_why(report: Report) -> None:
    found = held(planned(report, **ERRORS), SourceError("answers 500"), 100.0, 0.95)
    assert (found.outcome, found.reason) == (Outcome.ERRORED, "answers 500")


def test_a_percentile_is_held_as_the_share_that_may_be_slower(report: Report) -> None:
    found = planned(report, **SLOW)
    assert found.limit is not None and found.limit.text == "<= 1 %"
    assert found.count == 's{le="0.1"}', "the limit that the gate held it against, in seconds"
    assert found.of == f'n{{d="{SUBJECT["digest"]}"}}[5m]'
    assert found.gated is not None and found.gated.value == 41.5
    slow = held(found, 500.0, 10_000.0, 0.95)
    assert slow.outcome is Outcome.FAILED
    assert "of requests slower than 0.1 s = 5 %, must be <= 1 %" in slow.reason
    assert slow.worse is None, "a share is not comparable with milliseconds"


def test_a_limit_of_the_source_replaces_the_gate_s(report: Report) -> None:
    found = planned(report, **SLOW, limit="< 1 s")
    assert found.count == 's{le="1"}'
    assert (
        planned(report, **(SLOW | {"name": "load.latency_p99_9"}), limit="< 1 s").limit is not None
    )
    finer = planned(report, **(SLOW | {"name": "load.latency_p99_9"}), limit="< 1 s").limit
    assert finer is not None and finer.text == "< 0.1 %"


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("load.error_rate", None),
        ("load.throughput", ">= 200 /s"),
        ("load.latency_p99", ">= 100 ms"),
        ("load.latency", "<= 100 ms"),
    ],
)
def test_what_cannot_be_held_against_counts_is_an_error(
    report: Report, name: str, limit: str | None
) -> None:
    found = planned(report, name=name, count="a", of="b", limit=limit)
    assert held(found, 0.0, 1e6, 0.95).outcome is Outcome.ERRORED


def test_live_traffic_that_is_surely_worse_than_the_gate_saw_is_told(
    make_report: Callable[..., bytes],
) -> None:
    text = make_report().replace(b'"latency_p99"', b'"error_rate"').replace(b'"ms"', b'"%"')
    text = text.replace(b"<= 100 ms", b"<= 60 %")
    gated = planned(parse(text), **(ERRORS | {"limit": None}))
    assert held(gated, 500.0, 1000.0, 0.95).worse is True  # 50 % beside 40.5 to 42.5 %
    assert held(gated, 450.0, 1000.0, 0.95).worse is False


def test_a_hostile_name_stays_inside_its_string(report: Report) -> None:
    source = Source.model_validate(
        {"url": "http://p", "measurements": [ERRORS | {"of": 'n{name="{name}"}'}]}
    )
    (found,) = plan(report, source, {**SUBJECT, "name": '"} or up{a="{digest}'})
    assert found.of == r'n{name="\u0022\u007d or up\u007ba\u003d\u0022\u007bdigest\u007d"}'
