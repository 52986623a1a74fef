"""Verdicts as series: what has a value, and what has none. Over HTTP: adapters/test_prometheus."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from harness.ledger import Ledger
from harness.server.answering import answer_for
from harness.server.controllers import series
from harness.server.controllers.promql import PromqlError, Selector
from harness.server.service import Service, start
from harness.server.settings import Settings
from tests.server.controllers.digests import DIGESTS, stock

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
Making = Callable[..., bytes]


@pytest.fixture
def service(ledger: Ledger) -> Service:
    """A service without HTTP, at noon."""
    return start(ledger, Settings(), lambda: NOW)


def test_only_what_stands_on_a_report_has_a_value(ledger: Ledger, make_report: Making) -> None:
    stock(ledger, make_report)
    now = dt.datetime.now(dt.UTC)
    answers = {v: answer_for(ledger, Settings(), d, "policy", now) for v, d in DIGESTS.items()}
    passes = {v: series.value_of("releasegate_pass", a) for v, a in answers.items()}
    absent = {"running": None, "unknown": None}
    assert passes == {**dict.fromkeys(DIGESTS, 0.0), **absent, "pass": 1.0}
    measured = {v: series.value_of("releasegate_load_latency_p99", a) for v, a in answers.items()}
    assert measured == {**dict.fromkeys(DIGESTS, 41.5), **absent, "expired": None}


def test_a_report_that_is_not_pinned_is_no_history(ledger: Ledger, make_report: Making) -> None:
    digest = DIGESTS["pass"]
    ledger.add(make_report("pass", digest, finished_at=NOW), publisher="t", now=NOW)
    selector = Selector("releasegate_pass", {"digest": digest})
    pinned = {"policy": {"digests": ["sha256:" + "0" * 64]}}
    for settings, count in ((Settings(), 1), (Settings.model_validate({"policies": pinned}), 0)):
        service = start(ledger, settings, lambda: NOW)
        assert len(series.now(service, selector)) == count
        assert len(series.over(service, selector, [NOW])) == count


def test_a_name_with_more_series_than_can_be_read_is_refused(
    service: Service, ledger: Ledger, make_report: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "_SERIES", 2)
    for hours in (3, 2, 1):
        ended = NOW - dt.timedelta(hours=hours)
        report = make_report("pass", f"sha256:{hours:064d}", finished_at=ended)
        ledger.add(report, publisher="t", now=NOW)
    steps = [NOW - dt.timedelta(hours=hours) for hours in (3, 2, 1)]
    with pytest.raises(PromqlError, match="3 series"):
        series.over(service, Selector("releasegate_pass", {"name": "sentiment"}), steps)


def test_a_waiver_that_ran_out_in_between_is_seen_at_the_step_where_it_did(
    service: Service, ledger: Ledger, make_report: Making
) -> None:
    ended = NOW - dt.timedelta(days=3)
    report = make_report("pass", DIGESTS["pass"], finished_at=ended, waived_until="2026-11-19")
    ledger.add(report, publisher="t", now=NOW)
    steps = [
        dt.datetime(2026, 11, 19, 23, 59, tzinfo=dt.UTC) + dt.timedelta(minutes=n) for n in (0, 1)
    ]
    ((_, values),) = series.over(
        service, Selector("releasegate_pass", {"digest": DIGESTS["pass"]}), steps
    )
    assert values == [(0, 1.0), (1, 0.0)]


def test_a_name_among_many_that_hold_it_is_found(
    service: Service, ledger: Ledger, make_report: Making
) -> None:
    for number in range(60):  # more than a page of names, all before the one that is meant
        name = f"a{number:02d}-fraud"
        ledger.add(make_report("fail", name=name, finished_at=NOW), publisher="t", now=NOW)
    report = make_report("pass", DIGESTS["pass"], name="fraud", finished_at=NOW)
    ledger.add(report, publisher="t", now=NOW)
    (sample,) = series.now(service, Selector("releasegate_pass", {"name": "fraud"}))
    assert (sample.value, sample.labels["digest"]) == (1.0, DIGESTS["pass"])
