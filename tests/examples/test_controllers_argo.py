"""The Argo manifests keep Argo's own rules of limits, and never take doubt for a yes or a no."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.server.controllers import argo

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "controllers" / "argo"
TEMPLATES = ("analysis-template", "analysis-template-image", "analysis-template-canary")
RETRY_S = 10  # Argo asks again so long after an error, whatever the interval
OUTAGE_S = 60  # of the service, which must not abort a rollout


def template(name: str) -> dict[str, Any]:
    """The only document of a file."""
    (document,) = yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    assert (document["apiVersion"], document["kind"]) == (
        "argoproj.io/v1alpha1",
        "AnalysisTemplate",
    )
    assert isinstance(document, dict)
    return document


def metrics(name: str) -> list[dict[str, Any]]:
    """The metrics of a template."""
    return list(template(name)["spec"]["metrics"])


def as_argo(metric: dict[str, Any]) -> argo.Metric:
    """The metric as the controllers' contract test knows it."""
    return argo.Metric(
        metric["provider"]["web"]["url"],
        metric["successCondition"],
        metric["failureCondition"],
        count=metric["count"],
        consecutive_success_limit=metric["consecutiveSuccessLimit"],
        failure_limit=metric["failureLimit"],
        inconclusive_limit=metric["inconclusiveLimit"],
        consecutive_error_limit=metric["consecutiveErrorLimit"],
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_success_and_failure_have_a_condition_each(name: str) -> None:
    for metric in metrics(name):
        assert metric["successCondition"].startswith('result.verdict == "pass"')
        assert metric["failureCondition"] == (
            'result.verdict == "fail" || result.verdict == "expired"'
        )


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_limits_are_consistent_as_argo_validates_them(name: str) -> None:
    for metric in metrics(name):
        count, successes = metric["count"], metric["consecutiveSuccessLimit"]
        assert count >= metric["failureLimit"] + successes
        assert count >= metric["inconclusiveLimit"]
        assert successes > 0 or metric["failureLimit"] >= 0
        assert count == 1 or re.fullmatch(r"[1-9][0-9]*[smh]", metric["interval"])


@pytest.mark.parametrize("name", TEMPLATES)
def test_one_fail_aborts_and_doubt_is_asked_again_until_the_end(name: str) -> None:
    for metric in metrics(name):
        assert metric["failureLimit"] == 0
        rest = metric["count"] - metric["consecutiveSuccessLimit"]
        assert metric["inconclusiveLimit"] == rest  # the last doubt of all pauses


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_service_that_is_away_for_a_minute_aborts_nothing(name: str) -> None:
    for metric in metrics(name):
        assert metric["consecutiveErrorLimit"] * RETRY_S > OUTAGE_S


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_number_that_may_be_missing_has_something_in_its_place(name: str) -> None:
    for metric in metrics(name):
        numbers = re.findall(r"result\.metrics\S*", metric["successCondition"])
        assert all(re.fullmatch(r"result\.metrics\?\.[a-z][a-z0-9_]*", one) for one in numbers)
        guarded = re.findall(
            r"\(result\.metrics\?\.[a-z0-9_]+ \?\? 1e9\) <", metric["successCondition"]
        )
        assert len(guarded) == len(numbers)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize(
    ("verdict", "phase"),
    [
        ("pass", argo.SUCCESSFUL),
        ("fail", argo.FAILED),
        ("expired", argo.FAILED),
        ("inconclusive", argo.INCONCLUSIVE),
        ("error", argo.INCONCLUSIVE),
        ("running", argo.INCONCLUSIVE),
        ("unknown", argo.INCONCLUSIVE),
    ],
)
def test_argo_makes_of_each_verdict_what_the_readme_says(
    name: str, verdict: str, phase: str
) -> None:
    body = json.dumps({"verdict": verdict, "metrics": {"load_latency_p99": 41.5}}).encode()
    assert [argo.phase(200, body, as_argo(metric)) for metric in metrics(name)] == [phase]


@pytest.mark.parametrize("measured", [{}, {"load_latency_p99": 80.0}])
def test_a_pass_that_is_too_slow_or_was_not_measured_pauses(measured: dict[str, float]) -> None:
    body = json.dumps({"verdict": "pass", "metrics": measured}).encode()
    (metric,) = metrics("analysis-template-image")
    assert argo.phase(200, body, as_argo(metric)) == argo.INCONCLUSIVE


@pytest.mark.parametrize("name", TEMPLATES)
def test_doubt_until_the_end_pauses_and_a_pass_in_time_goes_on(name: str) -> None:
    for metric in map(as_argo, metrics(name)):
        doubt = [argo.INCONCLUSIVE] * (metric.count - 3)
        assert argo.run(metric, doubt + [argo.INCONCLUSIVE] * 3) == argo.INCONCLUSIVE
        assert argo.run(metric, doubt + [argo.SUCCESSFUL] * 3) == argo.SUCCESSFUL
        assert argo.run(metric, [argo.FAILED]) == argo.FAILED
        assert argo.run(metric, [argo.ERROR] * 6) == "Running"


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_argument_is_declared_and_the_token_comes_from_a_secret(name: str) -> None:
    spec = template(name)["spec"]
    declared = {argument["name"]: argument for argument in spec["args"]}
    used = set(re.findall(r"\{\{args\.([a-z]+)\}\}", yaml.safe_dump(spec["metrics"])))
    assert used == set(declared)
    assert "secretKeyRef" in declared["token"]["valueFrom"]


def test_the_rollout_asks_before_the_first_traffic_and_names_templates_that_exist() -> None:
    rollout = yaml.safe_load((FOLDER / "rollout.yaml").read_text(encoding="utf-8"))
    steps = rollout["spec"]["strategy"]["canary"]["steps"]
    assert "analysis" in steps[0]
    known = {template(name)["metadata"]["name"]: template(name) for name in TEMPLATES}
    for step in (step["analysis"] for step in steps if "analysis" in step):
        (used,) = (known[one["templateName"]] for one in step["templates"])
        given = {argument["name"] for argument in step["args"]}
        owed = {
            argument["name"]
            for argument in used["spec"]["args"]
            if "value" not in argument and "valueFrom" not in argument
        }
        assert given == owed


def test_the_rollout_names_its_image_by_digest_and_the_same_one_everywhere() -> None:
    text = (FOLDER / "rollout.yaml").read_text(encoding="utf-8")
    container = yaml.safe_load(text)["spec"]["template"]["spec"]["containers"][0]
    assert re.fullmatch(r"[a-z0-9./-]+@sha256:[0-9a-f]{64}", container["image"])
    assert len(set(re.findall(r"sha256:[0-9a-f]{64}", text))) == 1
