"""Argo Rollouts as far as it meets the gate: its web metric, its conditions and its limits.

After metricproviders/webmetric, utils/evaluate and analysis of argo-rollouts at 9f8d111; `released`
is what v1.8.3 to v1.10.0-rc1 do with a body that is not JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.server.controllers import expr

SUCCESSFUL, FAILED, INCONCLUSIVE, ERROR = "Successful", "Failed", "Inconclusive", "Error"


@dataclass(frozen=True)
class Metric:
    """One metric of an AnalysisTemplate with a web provider."""

    url: str
    success: str = ""
    failure: str = ""
    json_path: str = "{$}"
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    count: int = 1
    failure_limit: int = 0
    inconclusive_limit: int = 0
    consecutive_error_limit: int = 4
    consecutive_success_limit: int = 0


def measure(metric: Metric, *, released: bool = False) -> str:
    """One measurement: the phase that it ends in."""
    try:
        answer = httpx.get(
            metric.url, headers=dict(metric.headers), timeout=metric.timeout, verify=False
        )
    except httpx.HTTPError:
        return ERROR
    return phase(answer.status_code, answer.content, metric, released=released)


def phase(status: int, body: bytes, metric: Metric, *, released: bool = False) -> str:
    """What a measurement becomes of a status and a body."""
    if not 200 <= status < 300:
        return ERROR  # "received non 2xx response code"
    try:
        parsed = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        # Released: the raw bytes are a success, whatever the conditions say. On main (07c7503)
        # they are held against the conditions, of which text fulfils neither.
        return SUCCESSFUL if released else INCONCLUSIVE
    try:
        return _held(_path(metric.json_path, parsed), metric)
    except LookupError:
        return ERROR  # "Could not find JSONPath in body"


def run(metric: Metric, phases: Sequence[str]) -> str:
    """The phase of a whole metric whose measurements came out so, one after the other.

    "Running" where it would measure again.
    """
    counted = {SUCCESSFUL: 0, FAILED: 0, INCONCLUSIVE: 0}
    errors = successes = 0
    for item in phases:
        errors = errors + 1 if item == ERROR else 0
        successes = successes + 1 if item == SUCCESSFUL else 0
        if item in counted:
            counted[item] += 1
        ended = _assessed(metric, counted, errors, successes)
        if ended != "Running":
            return ended
    return "Running"


def effect(ended: str) -> str:
    """What the rollout does about the phase of its analysis."""
    return {SUCCESSFUL: "go on", FAILED: "abort", ERROR: "abort", INCONCLUSIVE: "pause"}.get(
        ended, "wait"
    )


def _assessed(metric: Metric, counted: Mapping[str, int], errors: int, successes: int) -> str:
    ended = "Running"
    if metric.failure_limit >= 0 and counted[FAILED] > metric.failure_limit:
        ended = FAILED
    if metric.inconclusive_limit >= 0 and counted[INCONCLUSIVE] > metric.inconclusive_limit:
        ended = INCONCLUSIVE
    if errors > metric.consecutive_error_limit:
        ended = ERROR
    if ended != "Running":
        return ended
    if 0 < metric.consecutive_success_limit <= successes:
        return SUCCESSFUL
    if sum(counted.values()) < metric.count:  # errors do not count
        return "Running"
    return INCONCLUSIVE if 0 < metric.consecutive_success_limit else SUCCESSFUL


def _held(result: Any, metric: Metric) -> str:
    try:
        success = bool(metric.success) and expr.holds(metric.success, result)
        failure = bool(metric.failure) and expr.holds(metric.failure, result)
    except expr.ExprError:
        return ERROR
    if not metric.success and not metric.failure:
        return SUCCESSFUL
    if not metric.failure:
        failure = not success
    if not metric.success:
        success = not failure
    if failure:
        return FAILED
    return SUCCESSFUL if success else INCONCLUSIVE


def _path(path: str, value: Any) -> Any:
    """Kubernetes' JSONPath of plain keys; `['a.b']` is read as two keys there, too."""
    match = re.fullmatch(r"\{\$?(.*)\}", path)
    assert match is not None, path
    keys = re.sub(r"\['([^']*)'\]", r".\1", match[1])
    for key in re.findall(r"\.((?:\\.|[^.\[])+)", keys):
        name = key.replace("\\.", ".")
        if not isinstance(value, dict) or name not in value:
            raise LookupError(f"{name} is not found")
        value = value[name]
    return value


def _refuse(token: str) -> Any:
    raise ValueError(f"{token} is not JSON")
