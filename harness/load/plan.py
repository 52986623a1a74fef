"""The plan of one run: what is sent, for how long, when it may be looked at."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from harness import units
from harness.config import LoadConfig
from harness.limits import Limit
from harness.load import arrivals
from harness.load.errors import LoadError
from harness.load.locustside import layout
from harness.load.looks import Look
from harness.load.looks import plan as plan_looks
from harness.load.traffic import quantile

if TYPE_CHECKING:
    from harness.contract import Contract

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST = 60.0  # seconds that one answer may take
_SHORTEST = 10.0
_SAMPLED = ("error_rate", "throughput", "throughput_share")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before the first request; times in seconds."""

    rate: float
    warmup: float
    duration: float  # of the judged part, at most
    users: int
    seed: int
    schedule: arrivals.Times  # from the start of the run, warm-up included
    first: int  # index of the first judged request
    limits: Mapping[str, Limit]  # those that sampling can decide
    looks: tuple[Look, ...]

    @property
    def tightest(self) -> float | None:
        """The tightest latency limit, None without one."""
        found = self._latency_limits()
        return min(found) if found else None

    @property
    def timeout(self) -> float:
        """How long one answer may take before it counts as none."""
        return min(_LONGEST, max(_SHORTEST, 4 * max(self._latency_limits(), default=0.0)))

    @property
    def horizon(self) -> float:
        """After that long, an answer that has not come is over every limit."""
        return min(self.timeout, max([0.5, *self._latency_limits()]))

    @property
    def patience(self) -> float:
        """How long the end of the run waits for what is in flight."""
        return min(self.timeout, max(2.0, 2 * self.horizon))

    def _latency_limits(self) -> list[float]:
        return [
            limit.in_unit("s") for name, limit in self.limits.items() if quantile(name) is not None
        ]


def make(load: LoadConfig, limits: Mapping[str, Limit], confidence: float) -> Plan:
    """Draw the arrivals and fix the looks. Raises LoadError where nothing would be sent."""
    rate = units.in_base(load.rate, "rate")
    warmup = units.in_base(load.warmup, "time")
    duration = units.in_base(load.duration, "time")
    try:
        schedule = arrivals.schedule(rate, warmup + duration, seed=load.seed)
    except ValueError as problem:
        raise LoadError(f"load: {problem}") from None
    first = int(np.searchsorted(schedule, warmup))
    judged = len(schedule) - first
    if judged == 0:
        raise LoadError(
            f"load.rate = {load.rate!r} for load.duration = {load.duration!r} plans not one "
            "request: raise one of the two"
        )
    sampled = {name: limit for name, limit in limits.items() if quantile(name) or name in _SAMPLED}
    levels = [level for level in map(quantile, sampled) if level is not None]
    looks = plan_looks(judged, rate, confidence, max(levels, default=0.5))
    return Plan(rate, warmup, duration, load.users, load.seed, schedule, first, sampled, looks)


def write(plan: Plan, folder: Path, contract: Contract | None) -> None:
    """Leave schedule and requests in the folder for Locust's process.

    Without a contract the user's own locustfile says what is sent. Raises LoadError where the
    contract knows no valid request.
    """
    plan.schedule.astype("<f8").tofile(folder / layout.SCHEDULE)
    if contract is None:
        return
    requests = [_as_json(prepared) for prepared in contract.requests()]
    if not requests:
        raise LoadError("the contract knows no valid request to send: give contract.examples")
    (folder / layout.REQUESTS).write_text(json.dumps(requests), encoding="utf-8")


def refuse_strangers(base_url: str) -> None:
    """Raises LoadError for anything but plain HTTP on this machine's loopback.

    Load on somebody else's machine is an attack, whatever was meant by it.
    """
    target = urlsplit(base_url)
    if target.hostname not in _LOOPBACK:
        raise LoadError(
            f"{base_url} is not on this machine: only 127.0.0.1 is put under load; forward a "
            "local port to it where the load is agreed upon"
        )
    if target.scheme != "http":
        raise LoadError(f"{base_url}: expected http:// on loopback")


def _as_json(prepared: Any) -> dict[str, Any]:
    return {
        "method": prepared.method,
        "path": prepared.path,
        "headers": dict(prepared.headers),
        "body": base64.b64encode(prepared.body).decode("ascii"),
    }
