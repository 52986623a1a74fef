"""What Prometheus scrapes of the service."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.ledger import Ledger, LedgerError
from harness.server.adapters import metrics
from tests.server.controllers.digests import DIGESTS

Making = Callable[..., bytes]
Serving = Callable[..., httpx.Client]


def values(client: httpx.Client, metric: str) -> dict[str, float]:
    """The samples of a metric by candidate, or by status."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        sample.labels.get("name") or sample.labels.get("status", ""): sample.value
        for family in families
        for sample in family.samples
        if sample.name == metric
    }


@pytest.fixture
def service(ledger: Ledger, make_report: Making, serving: Serving) -> httpx.Client:
    """Candidates named as what became of them."""
    for verdict in ("pass", "fail", "inconclusive", "error"):
        report = make_report(verdict, DIGESTS[verdict], name=verdict)
        ledger.add(report, publisher="tests")
    ended = dt.datetime.now(dt.UTC) - dt.timedelta(days=40)
    report = make_report("pass", DIGESTS["expired"], name="expired", finished_at=ended)
    ledger.add(report, publisher="tests")
    return serving(("read",))


def test_the_newest_verdict_of_every_candidate_is_told(service: httpx.Client) -> None:
    zeros = dict.fromkeys(("fail", "inconclusive", "error", "expired"), 0.0)
    assert values(service, "releasegate_pass") == {"pass": 1.0, **zeros}
    text = service.get("/metrics").text
    labels = f'digest="{DIGESTS["expired"]}",name="expired",policy="policy"'
    assert f'releasegate_verdict{{{labels},verdict="expired"}} 1.0' in text
    assert set(values(service, "releasegate_expires_timestamp_seconds")) == {"pass", "expired"}


def test_measurements_are_told_but_for_those_of_an_expired_report(service: httpx.Client) -> None:
    told = values(service, "releasegate_load_latency_p99")
    assert told == dict.fromkeys(("pass", "fail", "inconclusive", "error"), 41.5)


def test_a_digest_under_two_names_is_told_with_the_one_verdict_that_the_gate_answers(
    ledger: Ledger, make_report: Making, serving: Serving
) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    ledger.add(make_report("pass", DIGESTS["pass"], name="a", finished_at=before), publisher="x")
    ledger.add(make_report("fail", DIGESTS["pass"], name="b"), publisher="tests")
    assert values(serving(("read",)), "releasegate_pass") == {"b": 0.0}


def test_what_holds_an_environment_is_told_also_when_it_is_not_the_newest(
    ledger: Ledger, make_report: Making, serving: Serving
) -> None:
    """Else an alert on what serves without a pass would cry wolf on the day after a release."""
    digest = DIGESTS["pass"]
    ledger.add(make_report("pass", digest, policy="prd"), publisher="tests")
    ledger.promote(digest, "prd", by="tests")
    ledger.add(make_report("fail", DIGESTS["fail"], policy="prd"), publisher="tests")
    text = serving(("read",)).get("/metrics").text
    labels = 'name="sentiment",policy="prd"'
    assert f'releasegate_holds{{digest="{digest}",{labels}}} 1.0' in text
    assert f'releasegate_pass{{digest="{digest}",{labels}}} 1.0' in text
    assert f'releasegate_pass{{digest="{DIGESTS["fail"]}",{labels}}} 0.0' in text


def test_the_service_tells_of_itself(service: httpx.Client) -> None:
    assert values(service, "releasegate_service_answers_total") == {}
    before = values(service, "releasegate_service_answers_total")["200"]
    assert values(service, "releasegate_service_answers_total")["200"] == before + 1
    assert values(service, "process_resident_memory_bytes")[""] > 1e6
    assert values(service, "releasegate_service_left_out") == {"": 0.0}


def test_promtool_finds_nothing_wrong_with_the_text(
    service: httpx.Client, ledger: Ledger, make_report: Making, prometheus_program: str
) -> None:
    hostile = 'a"b\\c d{e="f"} 1'
    ledger.add(make_report("pass", name=hostile), publisher="tests")
    text = service.get("/metrics").text
    assert values(service, "releasegate_pass")[hostile] == 1.0
    tool = prometheus_program.replace("prometheus", "promtool")
    done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr  # 3: matters of style in process metrics


def test_openmetrics_is_given_to_whoever_asks_for_it(service: httpx.Client) -> None:
    answer = service.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert service.get("/metrics").headers["content-type"].startswith("text/plain")


def test_a_report_that_is_not_pinned_is_not_told(
    ledger: Ledger, make_report: Making, serving: Serving
) -> None:
    ledger.add(make_report("pass"), publisher="tests")
    client = serving(("read",), policies={"policy": {"digests": ["sha256:" + "0" * 64]}})
    assert values(client, "releasegate_pass") == {}


def test_more_than_can_be_told_is_told_so(
    service: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MOST", 3)
    monkeypatch.setattr(metrics, "_PAGE", 2)
    assert len(values(service, "releasegate_pass")) == 3
    assert values(service, "releasegate_service_left_out") == {"": 1.0}


def test_a_ledger_that_is_away_is_a_fault_and_no_empty_scrape(
    service: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise LedgerError("the database is away")

    monkeypatch.setattr(Ledger, "names", away)
    assert service.get("/metrics").status_code == 503


def test_scraping_needs_a_token_as_any_reading_does(serving: Serving) -> None:
    assert serving(()).get("/metrics").status_code == 401
    assert serving((), read="open").get("/metrics").status_code == 200
