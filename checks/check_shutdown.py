"""Shutdown: told to stop, the candidate finishes what it has begun and ends by itself."""

from __future__ import annotations

import pytest

from harness import Evidence, Finding, Measurement, Startup, check
from harness.config import Gate
from harness.lifecycle import Drain, gracefully, noticed, restarted

Observations = list[Measurement | Finding | Evidence]


def _ours_to_stop(gate: Gate) -> str:
    return "a candidate given by url is not ours to stop" if gate.candidate.url is not None else ""


def _several(gate: Gate) -> str:
    once = "candidate.starts is 1: with more it is started again after its stop"
    return _ours_to_stop(gate) or (once if gate.candidate.starts == 1 else "")


@check(
    limits={"lost_in_flight": "== 0", "exit_time": "<= 10 s"},
    measures=("in_flight", "answered", "refused", "stale", "reset", "interrupted", "failed"),
    version=2,
    applies=_ours_to_stop,
)
def check_graceful(drain: Drain) -> Observations:
    """Told to stop, it answers what is in flight and ends by itself, in time.

    In flight are requests of which the server has the head and most of the body when SIGTERM
    comes, and those of open traffic. What is sent from then on may be refused.
    """
    return gracefully(drain)


@check(measures=("notice",), advisory=True, applies=_ours_to_stop)
def check_readiness(drain: Drain) -> Observations:
    """Told to stop, it says that it is not ready before it refuses connections."""
    if drain.notice is None:
        pytest.skip("not measured: it has no ready path (candidate.ready.path), or was not ready")
    return noticed(drain)


@check(limits={"restart_time": "<= 60 s"}, applies=_several)
def check_restart(restart: Startup) -> Observations:
    """Stopped and started again, with the files that it left behind, it becomes ready."""
    return restarted(restart)
