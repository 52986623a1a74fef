"""Argo Rollouts' web metric: what it makes of answers, and that ours never mislead it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from harness.ledger import Ledger, LedgerError
from harness.runtime.ports import free_port
from tests.server.controllers import argo
from tests.server.controllers.argo import ERROR, FAILED, INCONCLUSIVE, SUCCESSFUL, Metric
from tests.server.controllers.digests import DIGESTS

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "controllers" / "argo"
PASSES = 'result.verdict == "pass"'
FAILS = 'result.verdict == "fail" || result.verdict == "expired"'
FAST = "(result.metrics?.load_latency_p99 ?? 1e9) < 80"
THREE_WAY = Metric("", PASSES, FAILS)
ONLY_TRUE = Metric("", "result == true", json_path="{$.pass}")
FASTER = Metric("", "result < 0.01", json_path="{$.m}")
TEMPLATE = Metric(
    "",
    f"{PASSES} && {FAST}",
    FAILS,
    count=40,
    consecutive_success_limit=1,
    failure_limit=0,
    inconclusive_limit=39,
    consecutive_error_limit=10,
)


@pytest.mark.parametrize(
    ("status", "body", "metric", "on_main", "released"),
    [
        (200, b'{"verdict":"inconclusive"}', THREE_WAY, INCONCLUSIVE, INCONCLUSIVE),
        (200, b'{"pass":null}', ONLY_TRUE, FAILED, FAILED),
        (412, b'{"verdict":"fail"}', THREE_WAY, ERROR, ERROR),
        (404, b'{"verdict":"pass"}', THREE_WAY, ERROR, ERROR),
        (200, b"{}", FASTER, ERROR, ERROR),
        (200, b'{"m":null}', FASTER, ERROR, ERROR),
        (200, b'{"m":"0.002"}', FASTER, ERROR, ERROR),
        (200, b"", THREE_WAY, INCONCLUSIVE, SUCCESSFUL),
        (204, b"", THREE_WAY, INCONCLUSIVE, SUCCESSFUL),
        (200, b"<html>log in</html>", THREE_WAY, INCONCLUSIVE, SUCCESSFUL),
        (200, b'{"verdict":"fail","score":NaN}', THREE_WAY, INCONCLUSIVE, SUCCESSFUL),
        (200, b'{"verdict":"PASS"}', THREE_WAY, INCONCLUSIVE, INCONCLUSIVE),
        (200, b'{"m":0.002}', FASTER, SUCCESSFUL, SUCCESSFUL),
        (200, b'{"m":0.02}', FASTER, FAILED, FAILED),
        (200, b'{"a.b":1}', Metric("", "result == 1", json_path="{$['a.b']}"), ERROR, ERROR),
        (200, b'{"a.b":1}', Metric("", "result == 1", json_path=r"{$.a\.b}"), *[SUCCESSFUL] * 2),
        (200, b'{"verdict":"fail"}', Metric(""), SUCCESSFUL, SUCCESSFUL),
    ],
)
def test_the_client_does_with_an_answer_what_argo_does(
    status: int, body: bytes, metric: Metric, on_main: str, released: str
) -> None:
    assert argo.phase(status, body, metric) == on_main
    assert argo.phase(status, body, metric, released=True) == released


@pytest.mark.parametrize(
    ("phases", "ended", "effect"),
    [
        ([INCONCLUSIVE, INCONCLUSIVE, SUCCESSFUL], SUCCESSFUL, "go on"),
        ([INCONCLUSIVE, FAILED], FAILED, "abort"),
        ([ERROR] * 10, "Running", "wait"),
        ([ERROR] * 11, ERROR, "abort"),
        ([ERROR] * 9 + [INCONCLUSIVE] + [ERROR] * 9, "Running", "wait"),
        ([INCONCLUSIVE] * 39, "Running", "wait"),
        ([INCONCLUSIVE] * 40, INCONCLUSIVE, "pause"),
    ],
)
def test_the_recommended_limits_wait_for_a_gate_and_end_on_its_verdict(
    phases: list[str], ended: str, effect: str
) -> None:
    assert argo.run(TEMPLATE, phases) == ended
    assert argo.effect(ended) == effect


def test_a_failure_limit_as_high_as_the_count_passes_what_failed() -> None:
    """argo-rollouts#4393: why the manifests in examples/ have none."""
    assert argo.run(Metric("", failure_limit=1, count=1), [FAILED]) == SUCCESSFUL


def test_every_verdict_becomes_the_phase_that_it_should(stocked: httpx.Client) -> None:
    wanted = dict.fromkeys(DIGESTS, INCONCLUSIVE)
    wanted |= {"pass": SUCCESSFUL, "fail": FAILED, "expired": FAILED}
    for released in (False, True):
        assert _phases(stocked, TEMPLATE, released) == wanted
    of_bool = wanted | {"expired": INCONCLUSIVE}  # null says neither yes nor no
    three_way = Metric("", "result == true", "result == false", json_path="{$.pass}")
    assert _phases(stocked, three_way) == of_bool


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        ("analysis-template.yaml", "/v1/gate/{{args.digest}}?policy={{args.policy}}"),
        ("analysis-template-image.yaml", "/v1/gate?image={{args.image}}&policy={{args.policy}}"),
    ],
)
def test_the_manifests_in_examples_let_a_pass_alone_through(
    stocked: httpx.Client, manifest: str, path: str
) -> None:
    text = (EXAMPLES / manifest).read_text(encoding="utf-8")
    (metric,) = yaml.safe_load(text)["spec"]["metrics"]
    web = metric["provider"]["web"]
    assert web["url"] == "{{args.server}}" + path
    given = {"server": str(stocked.base_url).rstrip("/"), "policy": "policy"}
    found = {}
    for verdict, digest in DIGESTS.items():
        words = {**given, "digest": digest, "image": f"registry.example.com/ml/fraud@{digest}"}
        url = re.sub(r"\{\{args\.(\w+)\}\}", lambda match: words[match[1]], web["url"])
        asked = Metric(
            url,
            metric["successCondition"],
            metric["failureCondition"],
            headers={"Authorization": stocked.headers["authorization"]},
        )
        found[verdict] = argo.measure(asked)
    wanted = dict.fromkeys(DIGESTS, INCONCLUSIVE)
    assert found == wanted | {"pass": SUCCESSFUL, "fail": FAILED, "expired": FAILED}
    limits = Metric(
        "",
        count=metric["count"],
        consecutive_success_limit=metric["consecutiveSuccessLimit"],
        failure_limit=metric["failureLimit"],
        inconclusive_limit=metric["inconclusiveLimit"],
        consecutive_error_limit=metric["consecutiveErrorLimit"],
    )
    waited = [INCONCLUSIVE] * (metric["count"] - 1)
    assert argo.run(limits, [*waited, SUCCESSFUL]) == SUCCESSFUL
    assert argo.run(limits, [*waited, INCONCLUSIVE]) == INCONCLUSIVE
    assert argo.run(limits, [INCONCLUSIVE, FAILED]) == FAILED


def test_a_measurement_is_read_where_there_is_one_and_is_an_error_elsewhere(
    stocked: httpx.Client,
) -> None:
    metric = Metric("", "result.load_latency_p99 < 80", json_path="{$.metrics}")
    read = dict.fromkeys(DIGESTS, SUCCESSFUL)  # 41.5 ms in every report
    assert _phases(stocked, metric) == read | {"running": ERROR, "unknown": ERROR}
    slower = Metric("", f"{PASSES} && result.metrics.load_latency_p99 < 40", FAILS)
    assert _phases(stocked, slower)["pass"] == INCONCLUSIVE


def test_no_fault_of_any_kind_is_a_success(
    stocked: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over both releases: without a token, with a wrong one, no digest, no ledger, no service."""
    address = str(stocked.base_url).rstrip("/")
    token = dict(stocked.headers)["authorization"]
    good, other = DIGESTS["pass"], "sha256:" + "99" * 32
    gone = f"http://127.0.0.1:{free_port()}"
    faults: list[tuple[str, dict[str, str], str]] = [
        (f"{address}/v1/gate/{good}", {}, ERROR),
        (f"{address}/v1/gate/{good}", {"Authorization": "Bearer rg_none_x"}, ERROR),
        (f"{address}/v1/gate/{good}", {"Authorization": "Basic eDp5"}, ERROR),
        (f"{address}/v1/gate/latest", {"Authorization": token}, INCONCLUSIVE),
        (f"{address}/v1/gate?image=fraud:1.4", {"Authorization": token}, INCONCLUSIVE),
        (f"{address}/v1/gate/{other}?strict=1", {"Authorization": token}, ERROR),
        (f"{address}/v1/gate/{good}?wait=soon", {"Authorization": token}, ERROR),
        (f"{address}/v2/gate/{good}", {"Authorization": token}, ERROR),
        (f"{gone}/v1/gate/{good}", {"Authorization": token}, ERROR),
    ]
    for url, headers, wanted in faults:
        metric = Metric(url, PASSES, FAILS, headers=headers)
        assert argo.measure(metric) == argo.measure(metric, released=True) == wanted, url

    def away(*_: Any) -> Any:
        raise LedgerError("the database is away")

    monkeypatch.setattr(Ledger, "latest", away)
    url = f"{address}/v1/gate/{DIGESTS['error']}"
    assert argo.measure(Metric(url, PASSES, FAILS, headers={"Authorization": token})) == ERROR


def test_an_answer_is_small_flat_and_finite_whatever_it_says(stocked: httpx.Client) -> None:
    for digest in DIGESTS.values():
        answer = stocked.get(f"/v1/gate/{digest}")
        assert answer.status_code == 200 and len(answer.content) < 2048
        assert answer.headers["content-type"] == "application/json"
        body = json.loads(answer.content, parse_constant=pytest.fail)
        assert all(isinstance(value, (int, float)) for value in body["metrics"].values())
        assert all(key.isidentifier() and key == key.lower() for key in body["metrics"])


def _phases(client: httpx.Client, metric: Metric, released: bool = False) -> dict[str, str]:
    found = {}
    for verdict, digest in DIGESTS.items():
        answer = client.get(f"/v1/gate/{digest}")
        found[verdict] = argo.phase(answer.status_code, answer.content, metric, released=released)
    return found
