"""Reports in and out: taken once by content, listed, given back to the byte."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import httpx
import pytest

from harness.ledger import Ledger

DIGEST = "sha256:" + "1" * 64
Serving = Callable[..., httpx.Client]
Make = Callable[..., bytes]
JSON = {"Content-Type": "application/json"}


def test_a_report_is_created_once_and_known_from_then_on(
    serving: Serving, make_report: Make
) -> None:
    client, body = serving(("publish", "read")), make_report("pass")
    first = client.post("/v1/reports", content=body, headers=JSON)
    again = client.post("/v1/reports", content=body, headers=JSON)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert (first.json()["new"], again.json()["new"]) == (True, False)
    back = client.get(first.headers["location"])
    assert back.content == body
    assert back.headers["etag"] == f'"{first.json()["id"]}"'
    assert "immutable" in back.headers["cache-control"]
    kept = client.get(first.headers["location"], headers={"If-None-Match": back.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    assert client.get(f"/v1/gate/{DIGEST}").json()["verdict"] == "pass"


def test_the_publisher_is_the_tokens_name(
    serving: Serving, ledger: Ledger, make_report: Make
) -> None:
    serving().post("/v1/reports", content=make_report(), headers=JSON)
    assert ledger.entries().entries[0].publisher == "tester"


def test_what_is_no_report_is_refused_with_the_place_of_the_mistake(
    serving: Serving, ledger: Ledger, make_report: Make
) -> None:
    client, body = serving(("publish",)), make_report("fail")
    future = make_report(finished_at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    for bad, said in [
        (b"", "not JSON"),
        (body[:-20], "not JSON"),
        (body + b"x", "not JSON"),
        (b"\xff" + body, "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "/schema_version"),
        (body.replace(b'"1.0"', b'"2.0"', 1), "newer than this Releasegate"),
        (body.replace(b'"verdict": "fail"', b'"verdict": "pass"'), "/verdict"),
        (body.replace(b'"value": 41.5', b'"value": NaN'), "NaN is not a number"),
        (body.replace(b'"value": 41.5', b'"value": 1e999'), "too large"),
        (body.replace(b'"verdict"', b'"verdict": "pass", "verdict"', 1), "given twice"),
        (future, "future"),
    ]:
        answer = client.post("/v1/reports", content=bad, headers=JSON)
        assert answer.status_code == 422, said
        assert said in answer.json()["error"]
        assert len(answer.json()["error"].encode()) <= 256
    assert ledger.entries().entries == ()


def test_a_body_of_another_kind_is_refused(serving: Serving, make_report: Make) -> None:
    client = serving(("publish",))
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {},
    ):
        answer = client.post("/v1/reports", content=make_report(), headers=headers)
        assert answer.status_code == 415, headers


def test_a_body_beyond_the_bound_is_refused_however_it_is_sent(
    serving: Serving, make_report: Make
) -> None:
    client, body = serving(("publish",), report_bytes="2 kB"), make_report()
    large = body + b" " * 2000
    assert client.post("/v1/reports", content=body, headers=JSON).status_code == 201
    assert client.post("/v1/reports", content=large, headers=JSON).status_code == 413
    parts = (large[at : at + 500] for at in range(0, len(large), 500))
    assert client.post("/v1/reports", content=parts, headers=JSON).status_code == 413


def test_reports_are_listed_by_what_they_are_about(
    serving: Serving, ledger: Ledger, make_report: Make
) -> None:
    noon = dt.datetime(2026, 8, 23, 12, tzinfo=dt.UTC)
    bodies = [
        make_report("pass", finished_at=noon),
        make_report("fail", finished_at=noon + dt.timedelta(hours=1), policy="prd"),
        make_report("error", "sha256:" + "5" * 64, finished_at=noon + dt.timedelta(hours=2)),
        make_report("pass", finished_at=noon + dt.timedelta(hours=3), name="fraud"),
    ]
    ids = [ledger.add(body, publisher="ci")[0].id for body in bodies]
    client = serving(("read",))

    def listed(**asked: str) -> list[int]:
        answer = client.get("/v1/reports", params=asked)
        assert answer.status_code == 200
        return [ids.index(row["id"]) for row in answer.json()["reports"]]

    assert listed() == [3, 2, 1, 0]
    assert listed(name="fraud") == [3]
    assert listed(policy="prd") == [1]
    assert listed(verdict="pass") == [3, 0]
    assert listed(digest="5" * 64) == [2]
    assert listed(since="2026-08-23T13:00:00Z", until="2026-08-23T14:00:00Z") == [1]
    assert listed(name="' OR '1'='1") == []
    first = client.get("/v1/reports", params={"limit": 3}).json()
    assert listed(limit="3", after=first["next"]) == [0]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1000", "limit=x", "digest=x", "verdict=maybe", "since=yesterday",
     "since=2026-08-23T13:00:00", "name=%00", "after=x", "name="],
)  # fmt: skip
def test_a_list_that_cannot_be_asked_for_is_a_422(one_pass: httpx.Client, query: str) -> None:
    answer = one_pass.get(f"/v1/reports?{query}")
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "hint"}


@pytest.mark.parametrize(
    "key", ["x", "0" * 64, "..%2f..%2fetc%2fpasswd", "%00" * 64, "\u00e9" * 64]
)
def test_a_report_that_is_not_there_is_not_found(one_pass: httpx.Client, key: str) -> None:
    assert one_pass.get(f"/v1/reports/{key}").status_code == 404


def test_candidates_are_listed_with_their_newest_report_under_each_policy(
    serving: Serving, ledger: Ledger, make_report: Make
) -> None:
    ledger.add(make_report("pass", name="fraud"), publisher="ci")
    ledger.add(make_report("fail", name="fraud", policy="prd"), publisher="ci")
    ledger.add(make_report("pass", name="a/b"), publisher="ci")
    client = serving(("read",))
    rows = client.get("/v1/candidates").json()["candidates"]
    verdicts = {
        row["name"]: {policy: one["verdict"] for policy, one in row["latest"].items()}
        for row in rows
    }
    assert verdicts == {"a/b": {"policy": "pass"}, "fraud": {"policy": "pass", "prd": "fail"}}
    found = client.get("/v1/candidates", params={"search": "FRA"}).json()["candidates"]
    assert [row["name"] for row in found] == ["fraud"]


def test_a_history_has_each_measurement_with_its_limit(
    serving: Serving, ledger: Ledger, make_report: Make
) -> None:
    noon = dt.datetime(2026, 8, 23, 12, tzinfo=dt.UTC)
    for hour, p99 in enumerate((41.5, 52.0)):
        body = make_report(name="a/b", p99=p99, finished_at=noon + dt.timedelta(hours=hour))
        ledger.add(body, publisher="ci")
    client = serving(("read",))
    told = client.get("/v1/candidates/a%2Fb/history").json()
    assert (told["name"], told["policy"]) == ("a/b", "policy")
    points = [row["metrics"]["load_latency_p99"] for row in told["reports"]]
    assert [point["value"] for point in points] == [41.5, 52.0]
    assert points[0] == {
        "value": 41.5, "low": 40.5, "high": 42.5,
        "limit": "<= 100 ms", "outcome": "passed", "unit": "ms",
    }  # fmt: skip
    assert client.get("/v1/candidates/a%2Fb/history?policy=prd").json()["reports"] == []
