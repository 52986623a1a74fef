"""Flagger as far as it meets the gate: its webhooks with their retries, its Prometheus provider.

After pkg/controller/webhook.go, scheduler_hooks.go and pkg/metrics/providers/prometheus.go of
flagger at 15bd6ad, and the default policy of hashicorp/go-retryablehttp.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True)
class Called:
    """What one webhook came to."""

    ok: bool
    message: str  # what stands in the Kubernetes event
    calls: int


@dataclass(frozen=True)
class Webhook:
    """One webhook of a Canary."""

    type: str
    url: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    retries: int = 0


def call(hook: Webhook, phase: str = "Progressing") -> Called:
    """POST as Flagger does: 200 to 202 is yes; 5xx but 501, 429 and a dead line are retried."""
    payload: dict[str, Any] = {"name": "fraud", "namespace": "ml", "phase": phase}
    payload |= {"checksum": "85d557f47b", "metadata": dict(hook.metadata)}
    calls = 0
    for _ in range(hook.retries + 1):
        calls += 1
        try:
            answer = httpx.post(
                hook.url, json=payload, timeout=hook.timeout, follow_redirects=True, verify=False
            )
        except httpx.HTTPError:
            continue
        status = answer.status_code
        if status == 429 or (status >= 500 and status != 501):
            continue  # and the body, with the reason, is dropped
        return Called(200 <= status <= 202, "" if status <= 202 else answer.text, calls)
    return Called(False, f"giving up after {calls} attempt(s)", calls)


def effect(hook: str, ok: bool) -> str:
    """What Flagger does about the answer of a hook."""
    yes = {
        "confirm-rollout": "start",
        "pre-rollout": "go",
        "rollout": "go",
        "confirm-traffic-increase": "step",
        "confirm-promotion": "promote",
        "rollback": "ROLL BACK",
    }
    no = {
        "confirm-rollout": "wait",
        "pre-rollout": "count a failure",
        "rollout": "count a failure",
        "confirm-traffic-increase": "halt",
        "confirm-promotion": "wait",
        "rollback": "nothing",
    }
    return (yes if ok else no).get(hook, "nothing")


def query(address: str, promql: str, password: str = "") -> float:
    """The Prometheus provider's RunQuery. Raises ValueError where it returns an error."""
    answer = httpx.get(
        f"{address}/api/v1/query",
        params={"query": " ".join(promql.split())},
        auth=("flagger", password) if password else None,
        timeout=5,
        verify=False,
    )
    if answer.status_code >= 400:
        raise ValueError(f"error response: {answer.text}")
    value: float | None = None
    for item in json.loads(answer.content)["data"]["result"]:
        if isinstance(item.get("value", [0, None])[1], str):
            value = float(item["value"][1])  # the last one wins
    if value is None or math.isnan(value):
        raise ValueError("no values found")
    return value


def online(address: str, password: str = "") -> bool:
    """The provider's IsOnline."""
    return query(address, "vector(1)", password) == 1


def in_range(value: float, least: float | None = None, most: float | None = None) -> bool:
    """A metric's thresholdRange."""
    return (least is None or value >= least) and (most is None or value <= most)
