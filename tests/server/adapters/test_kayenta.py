"""The remote judge of Kayenta."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.ledger import Ledger
from tests.server.controllers import spinnaker
from tests.server.controllers.digests import DIGESTS, stock

STEADY = [10.0, 10.5, 9.5, 10.2, 9.8, 10.1, 9.9, 10.3, 9.7, 10.4] * 3
ANALYSIS = {"direction": "increase", "effectSize": {"allowedIncrease": 1.25}}
THRESHOLDS = {"pass": 95, "marginal": 75}


@pytest.fixture
def service(
    ledger: Ledger, make_report: Callable[..., bytes], serving: Callable[..., httpx.Client]
) -> httpx.Client:
    """A service with something to say of every digest."""
    stock(ledger, make_report)
    return serving(("read",))


def asked(digest: str | None, experiment: list[Any] = STEADY, **analysis: Any) -> dict[str, Any]:
    """What Kayenta posts: one metric, with all the keys that it sends beside ours."""
    configurations = {} if digest is None else {"digest": digest}
    metric = {
        "name": "latency",
        "query": {"type": "prometheus", "metricName": "latency"},
        "groups": ["load"],
        "analysisConfigurations": {"canary": ANALYSIS | analysis},
        "scopeName": "default",
    }
    pair = {
        "name": "latency",
        "id": "9f7c",
        "tags": {"resource": "canary"},
        "values": {"control": STEADY, "experiment": experiment},
        "scopes": {"control": {"startTimeMillis": 0, "stepMillis": 60000}},
        "attributes": {},
    }
    judge = {"name": "RemoteJudge-v1.0", "judgeConfigurations": configurations}
    config = {"name": "fraud", "judge": judge, "metrics": [metric], "classifier": {}}
    return {
        "canaryConfig": config,
        "scoreThresholds": THRESHOLDS,
        "metricSetPairList": [pair],
    }


def judge(service: httpx.Client, request: dict[str, Any]) -> dict[str, Any]:
    """The result, as Kayenta's own classes need it."""
    address = str(service.base_url).rstrip("/")
    headers = {"Authorization": service.headers["authorization"]}
    return spinnaker.judge(address, request, headers)


def test_the_gate_s_verdict_decides_and_only_a_pass_is_one(service: httpx.Client) -> None:
    words = dict.fromkeys(DIGESTS, "Fail")
    words |= {"pass": "Pass", "inconclusive": "Marginal", "running": "Marginal"}
    argo = {"Pass": "Successful", "Marginal": "Inconclusive", "Fail": "Failed"}
    for verdict, digest in DIGESTS.items():
        score = judge(service, asked(digest))["score"]
        assert score["classification"] == words[verdict], verdict
        assert spinnaker.argo_of(score["score"], 75, 95) == argo[words[verdict]]
        last = spinnaker.stage_of(score["score"], 75, 95, last=True)
        assert (last == spinnaker.SUCCEEDED) == (verdict == "pass")


def test_the_gate_s_measurements_stand_beside_the_metrics(service: httpx.Client) -> None:
    result = judge(service, asked(DIGESTS["pass"]))
    rows = {row["name"]: row for row in result["results"]}
    assert list(rows) == ["releasegate_verdict", "load_latency_p99", "latency"]
    assert rows["load_latency_p99"]["classificationReason"] == "41.5 ms, must be <= 100 ms"
    assert rows["load_latency_p99"]["experimentMetadata"]["stats"]["n"] == 2000
    assert rows["latency"]["id"] == "9f7c" and rows["latency"]["resultMetadata"]["ratio"] == 1.0
    groups = {row["name"]: row["score"] for row in result["groupScores"]}
    assert groups == {"releasegate": 100.0, "load": 100.0}


def test_a_metric_fails_the_whole_or_leaves_it_open(service: httpx.Client) -> None:
    twice = [2 * value for value in STEADY]
    rows: list[tuple[list[Any], dict[str, Any], str, str]] = [
        (STEADY, {}, "Pass", "Pass"),
        (twice, {}, "High", "Fail"),
        (twice, {"muted": True}, "High", "Pass"),
        (twice, {"direction": "decrease"}, "Pass", "Pass"),
        ([], {}, "Nodata", "Marginal"),
        ([], {"mustHaveData": True}, "NodataFailMetric", "Fail"),
        (["NaN"] * 30, {}, "Nodata", "Marginal"),
        ([None] * 30, {}, "Nodata", "Marginal"),
        (STEADY, {"effectSize": {}}, "Nodata", "Marginal"),
        ([1e308] * 30, {}, "High", "Fail"),
        (["Infinity"] * 30, {}, "Nodata", "Marginal"),
    ]
    for experiment, analysis, classification, score in rows:
        result = judge(service, asked(DIGESTS["pass"], experiment, **analysis))
        found = result["results"][-1]["classification"], result["score"]["classification"]
        assert found == (classification, score), (experiment, analysis)


def test_no_room_between_the_thresholds_is_no_way_to_pass(service: httpx.Client) -> None:
    request = asked(DIGESTS["inconclusive"]) | {"scoreThresholds": {"pass": 95, "marginal": 95}}
    assert judge(service, request)["score"]["classification"] == "Fail"
    request["scoreThresholds"] = {"pass": 50, "marginal": 90}
    assert judge(service, request)["score"]["classification"] == "Fail"


def test_what_is_no_question_to_a_judge_is_refused(service: httpx.Client) -> None:
    changes: list[tuple[dict[str, Any], int]] = [
        ({"scoreThresholds": {"pass": "NaN", "marginal": 0}}, 422),
        ({"scoreThresholds": {"pass": 0, "marginal": 0}}, 422),
        ({"metricSetPairList": [{"name": "a"}]}, 422),
        ({"metricSetPairList": {}}, 422),
        ({"canaryConfig": None}, 422),
    ]
    for change, status in changes:
        answer = service.post("/judge", json=asked(DIGESTS["pass"]) | change)
        assert answer.status_code == status, change
        assert set(answer.json()) == {"error", "hint"}


def test_the_digest_may_stand_in_the_address_of_the_judge(service: httpx.Client) -> None:
    answer = service.post("/judge", json=asked(None), params={"digest": DIGESTS["pass"]})
    assert answer.json()["score"]["classification"] == "Pass"
    refused = service.post("/judge", json=asked(None)).json()["score"]
    assert (refused["score"], refused["classification"]) == (0.0, "Fail")
    assert "unknown: no digest" in refused["classificationReason"]
    misspelt = service.post("/judge", json=asked(DIGESTS["pass"]), params={"polcy": "prd"})
    assert misspelt.status_code == 400  # and not judged by the default policy


def test_nobody_is_judged_for_without_a_token(serving: Callable[..., httpx.Client]) -> None:
    assert serving(()).post("/judge", json=asked(DIGESTS["pass"])).status_code == 401
