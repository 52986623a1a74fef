"""What a request costs its client, and whether the plan is kept at high rates."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np

from benchmarks.loading import ours, peers, servers
from harness.load.driving.phases import Phase
from harness.load.planned.arrivals import schedule

RATES = (500.0, 2000.0, 8000.0)


def clients(rounds: int, seconds: float) -> str:
    """Requests for each second of processor time, one after the other in each round; medians."""
    with servers.nginx() as url, ours.rig(url, {}) as (_, _, rig):
        others: dict[str, Callable[[], peers.Told | None]] = {
            "Locust FastHttpUser": lambda: peers.locust(url, seconds, 32),
            "k6": lambda: peers.k6(url, seconds, 32),
            "bare gevent sockets": lambda: peers.bare(url, seconds),
            "wrk": lambda: peers.wrk(url, seconds),
        }
        found: dict[str, list[float]] = {"the gate": [], **{name: [] for name in others}}
        for _ in range(rounds):
            found["the gate"].append(_per_core(rig.driver.closed(32, seconds=seconds)))
            for name, ask in others.items():
                told = ask()
                if told is not None:
                    found[name].append(told.per_core)
    middle = {name: statistics.median(seen) for name, seen in found.items() if seen}
    lines = [f"{'client, 32 connections':26}{'requests/s per core':>20}{'gate/client':>12}"]
    lines += [
        f"{name:26}{value:>20,.0f}{middle['the gate'] / value:>12.2f}"
        for name, value in middle.items()
    ]
    return "\n".join(lines)


def rates(rounds: int, seconds: float) -> str:
    """Planned against sent, and the client's own lateness, up to half of what it can send."""
    lines = [f"{'planned /s':>12}{'sent/plan':>11}{'late p50':>10}{'late p99':>10}{'core':>7}"]
    with servers.nginx() as url, ours.rig(url, {}, users=256) as (_, _, rig):
        most = statistics.median(
            len(phase.rows) / phase.seconds
            for phase in (rig.driver.closed(32, seconds=2.0) for _ in range(3))
        )
        for rate in (*RATES, most / 2):
            rows = [_kept(rig.driver.open(schedule(rate, seconds, seed=n))) for n in range(rounds)]
            share, half, late, cpu = (
                statistics.median(column) for column in zip(*rows, strict=True)
            )
            lines.append(
                f"{rate:>12,.0f}{share:>11.4f}{half * 1e3:>7.2f} ms{late * 1e3:>7.2f} ms{cpu:>7.0%}"
            )
    return "\n".join([*lines, f"(the last one: half of {most:,.0f} /s)"])


def _per_core(phase: Phase) -> float:
    assert phase.client_cpu is not None and not phase.failed
    return len(phase.rows) / phase.seconds / phase.client_cpu


def _kept(phase: Phase) -> tuple[float, float, float, float]:
    """Rate of the sends against the plan's, p50 and p99 of the lateness (s), share of the core."""
    assert phase.schedule is not None and phase.client_cpu is not None
    sent = phase.tickets["sent"] - phase.origin
    plan = float(phase.schedule[-1] - phase.schedule[0])
    late = phase.tickets["sent"] - phase.tickets["planned"]
    share = plan / float(np.max(sent) - np.min(sent))
    return share, float(np.quantile(late, 0.5)), float(np.quantile(late, 0.99)), phase.client_cpu
