"""Spinnaker as far as it meets the gate: the monitor of a webhook stage, and Kayenta's judge.

After MonitorWebhookTask of orca at 2fdb327, RemoteJudge of kayenta at a69573b, and the thresholds
that orca's canary stage and Argo's Kayenta provider hold its score against.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

RUNNING, SUCCEEDED, TERMINAL = "RUNNING", "SUCCEEDED", "TERMINAL"


@dataclass(frozen=True)
class Stage:
    """A webhook stage with a status endpoint."""

    url: str
    status_path: str = "verdict"
    progress_path: str = ""
    success: str = "pass"
    terminal: str = "fail,error,inconclusive,unknown,expired"
    headers: Mapping[str, str] = field(default_factory=dict)
    retry: Sequence[int] = (429,)


def monitor(stage: Stage) -> tuple[str, str]:
    """One poll: the status of the stage, and the progress that it shows."""
    try:
        answer = httpx.get(stage.url, headers=dict(stage.headers), timeout=10, verify=False)
    except httpx.TimeoutException:
        return RUNNING, ""
    except httpx.HTTPError:
        return TERMINAL, ""
    if answer.status_code >= 500 or answer.status_code in stage.retry:
        return RUNNING, ""
    if answer.status_code >= 400:
        return TERMINAL, ""
    return read(answer.content, stage)


def read(body: bytes, stage: Stage) -> tuple[str, str]:
    """What a poll makes of a body."""
    parsed = json.loads(body)
    value = parsed.get(stage.status_path)
    if not isinstance(value, (str, int, float)):  # missing, null, or no single value
        return TERMINAL, ""
    progress = ""
    if stage.progress_path:
        progress = parsed.get(stage.progress_path)
        if not isinstance(progress, str):
            return TERMINAL, ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Java's `100.equals(100.0)` is false: a floating number never ends.
        return (SUCCEEDED if isinstance(value, int) and value == 100 else RUNNING), progress
    statuses = {word.strip().upper(): SUCCEEDED for word in stage.success.split(",")}
    statuses |= {word.strip().upper(): TERMINAL for word in stage.terminal.split(",")}
    return statuses.get(str(value).upper(), RUNNING), progress


def judge(url: str, request: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    """Kayenta's remote judge: the parsed result, with everything that Kayenta's classes need."""
    answer = httpx.post(
        f"{url}/judge", json=request, headers=dict(headers), timeout=90, verify=False
    )
    answer.raise_for_status()
    result: dict[str, Any] = json.loads(answer.content)
    assert set(result) == {"judgeName", "results", "groupScores", "score"}
    for item in result["results"]:
        assert isinstance(item["name"], str) and isinstance(item["id"], str)
        assert all(isinstance(item[key], dict) for key in ("tags", "resultMetadata"))
        assert all(isinstance(item[f"{side}Metadata"], dict) for side in ("experiment", "control"))
        assert item["classification"] in _CLASSES
        assert isinstance(item["groups"], list)
        assert isinstance(item["critical"], bool) and isinstance(item["muted"], bool)
    for item in (*result["groupScores"], result["score"]):
        assert isinstance(item["score"], float) and 0 <= item["score"] <= 100
        assert isinstance(item["classification"], str)
    return result


def stage_of(score: float, marginal: float, passing: float, last: bool) -> str:
    """What orca's canary stage does about a score: of one interval, or of the last one."""
    if score <= marginal:
        return TERMINAL
    if not last:
        return RUNNING
    return SUCCEEDED if score >= passing else TERMINAL


def argo_of(score: float, marginal: int, passing: int) -> str:
    """What Argo's Kayenta provider makes of a score."""
    if int(score) >= passing:
        return "Successful"
    return "Inconclusive" if int(score) >= marginal else "Failed"


_CLASSES = {"Pass", "High", "Low", "Nodata", "NodataFailMetric", "Error"}
