"""Percentiles against servers whose delays are known, beside what other generators say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.loading import ours, peers, servers
from harness.load.planned.arrivals import schedule

RATE = 500.0
DELAY = 0.005
SERVERS: dict[str, dict[str, Any]] = {
    "5 ms, always": {"delay": DELAY},
    "frozen 1 s every 10 s": {"delay": DELAY, "freeze": [10.0, 1.0]},
    "1 % at 50 ms": {"delay": DELAY, "rare": [100, 0.05]},
}
Percentiles = Mapping[float, float]


def table(seconds: float) -> str:
    """One row a generator for each server, ms; `seconds` should be a multiple of ten."""
    generators: dict[str, Callable[[str], tuple[float, Percentiles]]] = {
        "the gate": lambda url: _ours(url, seconds),
        "Locust, 10 users": lambda url: _said(peers.locust(url, seconds, 10, 50.0)),
        "Locust, 100 users": lambda url: _said(peers.locust(url, seconds, 100, 5.0)),
        "Locust, 500 users": lambda url: _said(peers.locust(url, seconds, 500, 1.0)),
        "k6, 10 users": lambda url: _said(peers.k6(url, seconds, 10, RATE)),
        "k6, 600 users": lambda url: _said(peers.k6(url, seconds, 600, RATE)),
    }
    heads = "".join(f"{f'p{level * 100:g}':>9}" for level in peers.LEVELS)
    lines = []
    for name, told in SERVERS.items():
        right = truth(told)
        lines += [f"{name:26}{'rate':>8}{heads}", f"  {'truth':24}{RATE:>8.0f}{_row(right)}"]
        for generator, ask in generators.items():
            with servers.delays(**told, exact=True) as url:
                rate, found = ask(url)
            lines.append(f"  {generator:24}{rate:>8.0f}{_row(found)}{_off(found, right)}")
    return "\n".join(lines)


def truth(told: Mapping[str, Any]) -> dict[float, float]:
    """Percentiles in ms of requests that come at any moment alike.

    While the server is frozen a request waits for the end of the freeze, so waits are uniform
    on 0 to its length. At a percentile that is exactly where the delay jumps both sides are
    right: there is no number to be held against.
    """
    found: dict[float, float] = {}
    for level in peers.LEVELS:
        value = told["delay"]
        if "freeze" in told:
            every, lasting = told["freeze"]
            share = lasting / every
            value += max(0.0, (level - 1 + share) / share * lasting)
        if "rare" in told:
            share = 1 / told["rare"][0]
            value = told["rare"][1] if level > 1 - share else value
            value = float("nan") if abs(level - (1 - share)) < 1e-9 else value
        found[level] = value * 1e3
    return found


def _ours(url: str, seconds: float) -> tuple[float, Percentiles]:
    with ours.rig(url, {}, users=1000) as (_, _, rig):
        phase = rig.driver.open(schedule(RATE, seconds, seed=1), patience=5.0)
    response = np.sort(phase.response) * 1e3
    at = {level: float(response[int(np.ceil(level * len(response))) - 1]) for level in peers.LEVELS}
    return len(response) / seconds, at


def _said(told: peers.Told) -> tuple[float, Percentiles]:
    return told.requests / told.seconds, told.percentiles


def _row(found: Percentiles) -> str:
    return "".join(f"{value:>9.1f}" for value in found.values())


def _off(found: Percentiles, right: Percentiles) -> str:
    """The largest relative error."""
    worst = max(
        abs(found[level] / value - 1) for level, value in right.items() if not np.isnan(value)
    )
    return f"   off by at most {worst:.0%}" if worst < 0.95 else f"   off by {worst:.0%}"
