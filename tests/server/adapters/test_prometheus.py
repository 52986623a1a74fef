"""The query API: the form of Prometheus, value by value, and promtool as a client of it."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.ledger import Ledger, LedgerError
from tests.server.controllers.digests import DIGESTS, stock

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DIGEST = "sha256:" + "5a" * 32
Serving = Callable[..., httpx.Client]
Making = Callable[..., bytes]


@pytest.fixture
def service(ledger: Ledger, make_report: Making, serving: Serving) -> httpx.Client:
    """A service with something to say of every digest."""
    stock(ledger, make_report)
    return serving(("read",))


def query(client: httpx.Client, promql: str, **given: Any) -> Any:
    """`data.result` of an instant query."""
    params: dict[str, Any] = {"query": promql, **given}
    answer = client.get("/api/v1/query", params=params)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["status"] == "success" and answer.headers["content-type"] == "application/json"
    return body["data"]["result"]


def ranged(client: httpx.Client, promql: str, start: dt.datetime, end: dt.datetime) -> Any:
    """`data.result` of a range query by the hour."""
    params: dict[str, Any] = {
        "query": promql,
        "start": start.timestamp(),
        "end": end.isoformat(),
        "step": "1h",
    }
    body = client.get("/api/v1/query_range", params=params).json()
    assert body["data"]["resultType"] == "matrix", body
    return body["data"]["result"]


def test_the_liveness_queries_of_flagger_and_grafana_are_answered(service: httpx.Client) -> None:
    (row,) = query(service, "vector(1)")
    assert row["metric"] == {} and row["value"][1] == "1"
    assert query(service, "1+1")[1] == "2"


def test_a_verdict_is_one_or_zero_and_one_element_at_most(service: httpx.Client) -> None:
    found = {}
    for verdict, digest in DIGESTS.items():
        rows = query(service, f'releasegate_pass{{digest="{digest}"}}')
        found[verdict] = [row["value"][1] for row in rows]
    zeros = {verdict: ["0"] for verdict in ("fail", "inconclusive", "error", "expired")}
    assert found == {"pass": ["1"], **zeros, "running": [], "unknown": []}


def test_a_measurement_is_its_number_and_absent_where_it_is_no_evidence(
    service: httpx.Client,
) -> None:
    for verdict, digest in DIGESTS.items():
        rows = query(service, f'releasegate_load_latency_p99{{digest="{digest}"}}')
        gone = verdict in ("expired", "running", "unknown")
        assert [row["value"][1] for row in rows] == ([] if gone else ["41.5"]), verdict
    assert query(service, f'releasegate_load_nothing{{digest="{DIGESTS["pass"]}"}}') == []


def test_an_element_has_the_labels_that_it_was_asked_by(service: httpx.Client) -> None:
    for digest in (DIGESTS["pass"], DIGESTS["pass"].removeprefix("sha256:")):
        (row,) = query(service, f'releasegate_pass{{digest="{digest}"}}')
        labels = {"name": "sentiment", "policy": "policy", "digest": digest}
        assert row["metric"] == {"__name__": "releasegate_pass", **labels}


def test_a_candidate_is_found_by_its_name_with_each_policy(
    service: httpx.Client, ledger: Ledger, make_report: Making
) -> None:
    for policy, verdict in (("stg", "pass"), ("prd", "fail")):
        report = make_report(verdict, DIGEST, policy=policy, name="fraud")
        ledger.add(report, publisher="tests")
    ledger.add(make_report("pass", name="a-fraud-2"), publisher="tests")
    rows = query(service, 'releasegate_pass{name="fraud"}')
    assert {row["metric"]["policy"]: row["value"][1] for row in rows} == {"stg": "1", "prd": "0"}
    (row,) = query(service, 'releasegate_pass{name="fraud",policy="prd"}')
    assert row["value"][1] == "0"
    assert query(service, 'releasegate_pass{name="frau"}') == []
    assert query(service, f'releasegate_pass{{name="other",digest="{DIGEST}",policy="stg"}}') == []


def test_a_controller_whose_clock_is_slow_is_told_of_the_newest_failure(
    service: httpx.Client, ledger: Ledger, make_report: Making
) -> None:
    now = dt.datetime.now(dt.UTC)
    for verdict, minutes in (("pass", 60), ("fail", 1)):
        ended = now - dt.timedelta(minutes=minutes)
        report = make_report(verdict, DIGEST, policy="prd", finished_at=ended)
        ledger.add(report, publisher="tests")
    asked = f'releasegate_pass{{digest="{DIGEST}",policy="prd"}}'
    for slow, value in ((4, "0"), (30, "1")):  # half an hour ago is a question about the past
        (row,) = query(service, asked, time=(now - dt.timedelta(minutes=slow)).timestamp())
        assert row["value"][1] == value


def test_a_label_that_was_left_empty_is_not_taken_for_the_default(service: httpx.Client) -> None:
    assert query(service, f'releasegate_pass{{digest="{DIGESTS["pass"]}",policy=""}}') == []


def test_what_the_ledger_says_when_it_fails_is_for_the_log(
    service: httpx.Client, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise LedgerError("postgresql://gate@db.internal/x is away")

    monkeypatch.setattr(ledger, "candidate", gone)
    answer = service.get("/api/v1/query", params={"query": 'releasegate_pass{name="fraud"}'})
    assert (answer.status_code, answer.json()["error"]) == (503, "the ledger does not answer")


def test_a_query_that_is_not_understood_is_bad_data(serving: Serving) -> None:
    client = serving((), read="open")
    for promql in (
        "",
        "up",
        "releasegate_pass",
        'releasegate_pass{digest="latest"}',
        'releasegate_pass{digest=~"sha.*"}',
        f'releasegate_pass{{digest="{DIGEST}",job="x"}}',
        f'rate(releasegate_pass{{digest="{DIGEST}"}}[5m])',
        'releasegate_pass{name="a\\nb"}',
        "releasegate_pass{name='" + "x" * 300 + "'}",
    ):
        answer = client.get("/api/v1/query", params={"query": promql})
        assert answer.status_code == 400, promql
        assert answer.json()["status"] == "error" and answer.json()["errorType"] == "bad_data"
        assert len(answer.json()["error"]) < 300


def test_a_range_that_is_none_is_bad_data(serving: Serving) -> None:
    client = serving((), read="open", clock=lambda: NOW)
    asked = {"query": "1", "start": "1795258800", "end": "1795262400", "step": "15"}
    assert client.get("/api/v1/query_range", params=asked).status_code == 200
    for change in (
        {"start": ""},
        {"start": "yesterday"},
        {"start": "2026-11-21T12:00:00"},
        {"start": "0"},
        {"end": "99999999999"},
        {"step": "0"},
        {"step": "-1"},
        {"step": "0.000000001"},
        {"step": "1y"},
        {"start": "1763726400", "end": "1763640000"},
    ):
        answer = client.get("/api/v1/query_range", params=asked | change)
        assert answer.status_code == 400, change
        assert answer.json()["errorType"] == "bad_data"


def test_a_range_has_at_each_step_what_held_then(
    ledger: Ledger, make_report: Making, serving: Serving
) -> None:
    client = serving(("read",), clock=lambda: NOW, max_age="4 h")
    for hours, verdict in ((8, "pass"), (2, "fail"), (1, "pass")):
        ended = NOW - dt.timedelta(hours=hours, minutes=1)
        report = make_report(verdict, DIGEST, finished_at=ended, p99=float(hours))
        ledger.add(report, publisher="tests", now=NOW)
    promql = f'{{}}{{{{digest="{DIGEST}"}}}}'
    start = NOW - dt.timedelta(hours=9)
    (row,) = ranged(client, promql.format("releasegate_pass"), start, NOW)
    assert "".join(value for _, value in row["values"]) == "111100011"
    assert row["values"][0][0] == (start + dt.timedelta(hours=1)).timestamp()
    (row,) = ranged(client, promql.format("releasegate_load_latency_p99"), start, NOW)
    assert [value for _, value in row["values"]] == ["8", "8", "8", "8", "2", "1", "1"]
    past = (NOW - dt.timedelta(hours=7)).timestamp()
    assert query(client, promql.format("releasegate_pass"), time=past)[0]["value"] == [past, "1"]
    assert query(client, promql.format("releasegate_pass"), time=start.timestamp()) == []


def test_a_range_by_name_has_a_series_for_each_digest_while_it_was_the_newest(
    ledger: Ledger, make_report: Making, serving: Serving
) -> None:
    client = serving(("read",), clock=lambda: NOW)
    for hours, digest in ((3, DIGESTS["pass"]), (1, DIGEST)):
        ended = NOW - dt.timedelta(hours=hours, minutes=1)
        ledger.add(make_report("pass", digest, finished_at=ended), publisher="tests", now=NOW)
    rows = ranged(client, 'releasegate_pass{name="sentiment"}', NOW - dt.timedelta(hours=3), NOW)
    lengths = {row["metric"]["digest"]: len(row["values"]) for row in rows}
    assert lengths == {DIGESTS["pass"]: 2, DIGEST: 2}


def test_the_form_that_clients_post_is_read_as_well(service: httpx.Client) -> None:
    promql = f'releasegate_pass{{digest="{DIGESTS["pass"]}"}}'
    answer = service.post("/api/v1/query", data={"query": promql})
    assert answer.json()["data"]["result"][0]["value"][1] == "1"
    assert service.post("/api/v1/query", content=b"\xff=%ff&&&").status_code == 400
    assert service.post("/api/v1/query", content=b"a=1&" * 1000).status_code == 400


def test_promtool_reads_the_answers(service: httpx.Client, prometheus_program: str) -> None:
    """The client library of Prometheus itself, which Argo's provider stands on, too."""
    token = service.headers["authorization"].removeprefix("Bearer ")
    address = str(service.base_url).replace("http://", f"http://promtool:{token}@").rstrip("/")
    promql = f'releasegate_pass{{digest="{DIGESTS["pass"]}"}}'
    tool = [prometheus_program.replace("prometheus", "promtool"), "query"]
    done = subprocess.run(
        [*tool, "instant", address, promql], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("releasegate_pass{") and " => 1 @" in done.stdout
    done = subprocess.run(
        [*tool, "range", "--step=1m", address, promql], capture_output=True, text=True, check=True
    )
    assert "releasegate_pass{" in done.stdout
    done = subprocess.run([*tool, "instant", address, "up"], capture_output=True, text=True)
    assert done.returncode != 0 and "bad_data" in done.stderr
