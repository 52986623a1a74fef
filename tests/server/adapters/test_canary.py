"""Live comparison of canaries against a real Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.ledger import Ledger
from harness.model import JudgedMeasurement, Outcome
from harness.runtime.ports import free_port
from harness.server.adapters.canary import decided
from harness.server.answering import Standing
from harness.server.controllers.live import Compared, Planned
from tests.server.adapters.conftest import Traffic
from tests.server.controllers import argo
from tests.server.controllers.digests import DIGESTS, stock

REQUESTS = 'sum(increase(requests_total{image="{digest}"}[{window}]))'
MEASUREMENTS = [
    {
        "name": "load.error_rate",
        "count": 'sum(increase(requests_total{image="{digest}",code=~"5.."}[{window}]))',
        "of": REQUESTS,
        "limit": "<= 1 %",
    },
    {
        "name": "load.latency_p99",
        "count": f'{REQUESTS} - sum(increase(seconds_bucket{{image="{{digest}}",le="{{limit_s}}"}}'
        "[{window}]))",
        "of": REQUESTS,
    },
]
THREE_WAY = argo.Metric("", 'result.verdict == "pass"', 'result.verdict == "fail"')
Serving = Callable[..., httpx.Client]


def sources(*addresses: str) -> dict[str, Any]:
    """The settings of sources `prod`, `other`..."""
    named = zip(("prod", "other"), addresses, strict=False)
    row = {"measurements": MEASUREMENTS, "window": "1m", "timeout": "10 s"}
    return {"sources": {name: {"url": address, **row} for name, address in named}}


@pytest.fixture
def service(
    ledger: Ledger, make_report: Callable[..., bytes], serving: Serving, traffic: Traffic
) -> httpx.Client:
    """A service whose gate knows every digest, beside Prometheus and one that is gone."""
    stock(ledger, make_report)
    gone = f"http://127.0.0.1:{free_port()}"
    return serving(("read",), canary=sources(traffic.prometheus, gone))


def ask(service: httpx.Client, digest: str, source: str = "prod") -> dict[str, Any]:
    """The answer on a canary."""
    answer = service.get(f"/v1/canary/{digest}", params={"prometheus": source})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_canary_that_fails_every_request_is_a_fail_though_its_gate_passed(
    service: httpx.Client, traffic: Traffic
) -> None:
    """The story of the canary that reached 100 % of traffic with nobody noticing."""
    digest = DIGESTS["pass"]
    assert ask(service, digest)["verdict"] == "inconclusive", "no traffic yet"
    traffic.rates[digest] = (10_000, 0, 0)
    traffic.wait(digest)
    fine = ask(service, digest)
    assert (fine["verdict"], fine["pass"]) == ("pass", True), fine
    assert fine["gate"]["verdict"] == "pass"
    assert fine["metrics"] == {"load_error_rate": 0.0, "load_latency_p99": 0.0}
    traffic.rates[digest] = (100_000, 100_000, 0)
    broken = fine
    while broken["verdict"] != "fail":  # Prometheus has to see it first
        broken = ask(service, digest)
    assert broken["pass"] is False and broken["gate"]["verdict"] == "pass"
    assert broken["reason"].startswith("live load.error_rate = ")
    assert "must be <= 1 %" in broken["reason"]
    error = broken["measurements"]["load_error_rate"]
    assert error["outcome"] == "failed" and error["live"]["low"] > 1
    body = httpx.Response(200, json=broken).content
    assert argo.phase(200, body, THREE_WAY) == argo.FAILED


def test_slow_answers_are_held_against_the_percentile_that_the_gate_measured(
    service: httpx.Client, traffic: Traffic
) -> None:
    digest = DIGESTS["inconclusive"]
    traffic.rates[digest] = (10_000, 0, 500)
    traffic.wait(digest)
    slow = ask(service, digest)["measurements"]["load_latency_p99"]
    assert slow["outcome"] == "failed" and slow["limit"] == "<= 1 %"
    assert slow["gated"] == {"value": 41.5, "unit": "ms", "low": 40.5, "high": 42.5, "n": 2000}
    assert 4 < slow["live"]["low"] < 5 < slow["live"]["high"] < 6


def test_good_live_traffic_opens_no_gate_that_is_shut(
    service: httpx.Client, traffic: Traffic
) -> None:
    shut = ("fail", "error", "expired", "running", "unknown")
    traffic.rates |= {DIGESTS[verdict]: (10_000, 0, 0) for verdict in shut}
    for verdict in shut:
        traffic.wait(DIGESTS[verdict])
        body = ask(service, DIGESTS[verdict])
        assert body["verdict"] == verdict
        assert body["pass"] is (False if verdict == "fail" else None)
        assert bool(body["measurements"]) == (verdict not in ("running", "unknown"))


def test_a_prometheus_that_is_gone_is_an_error_and_no_success(service: httpx.Client) -> None:
    body = ask(service, DIGESTS["pass"], "other")
    assert (body["verdict"], body["pass"]) == ("error", None)
    assert body["reason"].startswith("live load.error_rate: the source cannot be reached")
    assert body["metrics"] == {}
    content = httpx.Response(200, json=body).content
    assert argo.phase(200, content, THREE_WAY) == argo.INCONCLUSIVE


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/canary/{DIGESTS['pass']}?prometheus=http://evil.example", 404),
        (f"/v1/canary/{DIGESTS['pass']}", 422),
        ("/v1/canary/latest?prometheus=prod", 422),
        (f"/v1/canary/{DIGESTS['pass']}?prometheus=prod&polcy=prd", 400),
    ],
)
def test_only_sources_of_the_settings_are_asked_and_only_about_digests(
    serving: Serving, path: str, status: int
) -> None:
    client = serving(("read",), canary=sources("http://127.0.0.1:9"))
    answer = client.get(path)
    assert answer.status_code == status and set(answer.json()) == {"error", "hint"}
    assert client.get(path, headers={"Authorization": ""}).status_code == 401


@pytest.mark.parametrize(
    ("gate", "outcomes", "verdict"),
    [
        ("pass", ["passed", "passed"], "pass"),
        ("pass", ["passed", "failed", "errored"], "fail"),
        ("pass", ["inconclusive", "errored"], "error"),
        ("pass", ["passed", "inconclusive"], "inconclusive"),
        ("pass", [], "inconclusive"),
        ("fail", ["passed"], "fail"),
        ("expired", ["failed"], "fail"),
        ("expired", ["passed"], "expired"),
        ("inconclusive", ["passed"], "inconclusive"),
        ("running", [], "running"),
    ],
)
def test_a_canary_passes_where_the_gate_and_all_of_live_traffic_do(
    gate: str, outcomes: list[str], verdict: str
) -> None:
    planned = Planned("load.error_rate", "", "", None, "", None)
    row = JudgedMeasurement("load.error_rate", 0.0, "%")
    compared = [Compared(planned, Outcome(outcome), "", row) for outcome in outcomes]
    assert decided(Standing(gate), compared) == verdict
