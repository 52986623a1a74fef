"""The manifests of Flagger and Spinnaker keep what those do with statuses and words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from harness.server.answering import Standing
from harness.server.controllers.promql import Selector, parse

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "controllers"
CANARY = yaml.safe_load((FOLDER / "flagger" / "canary.yaml").read_text(encoding="utf-8"))
TEMPLATE = yaml.safe_load((FOLDER / "flagger" / "metric-template.yaml").read_text("utf-8"))
STAGE = json.loads((FOLDER / "spinnaker" / "webhook-stage.json").read_text(encoding="utf-8"))


def hooks() -> dict[str, dict[str, Any]]:
    """Flagger's webhooks by type."""
    return {hook["type"]: hook for hook in CANARY["spec"]["analysis"]["webhooks"]}


def seconds(text: str) -> int:
    """Of `30s` or `1m`: as much as Flagger's own schema lets through."""
    number, unit = re.fullmatch(r"([0-9]+)([ms])", text).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60}[unit]


def test_each_hook_calls_the_path_of_its_own_type() -> None:
    for kind, hook in hooks().items():
        assert hook["url"].endswith(f"/v1/flagger/{kind}")


def test_a_fail_counts_and_does_not_wait_for_ever() -> None:
    assert "pre-rollout" in hooks()
    assert "rollback" in hooks()
    assert not {"confirm-rollout", "confirm-promotion"} & set(hooks())


def test_each_hook_says_digest_policy_and_token_as_text() -> None:
    for hook in hooks().values():
        assert {"digest", "policy", "token"} <= set(hook["metadata"])
        assert all(isinstance(value, str) for value in hook["metadata"].values())


def test_a_hook_that_holds_ends_before_flagger_gives_up() -> None:
    for hook in hooks().values():
        if hook["type"] in ("pre-rollout", "rollout"):
            assert seconds(hook["metadata"]["wait"]) < seconds(hook["timeout"])


def test_the_metric_is_one_that_the_service_answers_and_only_a_pass_is_in_range() -> None:
    (metric,) = CANARY["spec"]["analysis"]["metrics"]
    assert metric["templateRef"]["name"] == TEMPLATE["metadata"]["name"]
    assert metric["thresholdRange"] == {"min": 1}
    query = TEMPLATE["spec"]["query"]
    for name, value in metric["templateVariables"].items():
        query = query.replace("{{ variables." + name + " }}", value)
    asked = parse(query)
    assert isinstance(asked, Selector)
    assert asked.metric == "releasegate_pass"
    assert set(asked.labels) == {"digest", "policy"}


def test_the_canary_speaks_of_one_digest() -> None:
    text = (FOLDER / "flagger" / "canary.yaml").read_text(encoding="utf-8")
    assert len(set(re.findall(r"sha256:[0-9a-f]{64}", text))) == 1


def test_spinnaker_ends_on_every_verdict_but_running() -> None:
    success = STAGE["successStatuses"].split(",")
    terminal = STAGE["terminalStatuses"].split(",")
    assert success == ["pass"]
    assert set(terminal) == set(Standing) - {Standing.PASS, Standing.RUNNING}


def test_spinnaker_reads_a_word_and_a_text() -> None:
    assert (STAGE["statusJsonPath"], STAGE["progressJsonPath"]) == ("$.verdict", "$.progress")
    assert STAGE["waitForCompletion"] is True
    assert STAGE["failPipeline"] is True
