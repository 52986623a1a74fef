"""Startup: the candidate becomes ready, in time, and with no more than it was given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from harness import (
    CandidateNotReady,
    Evidence,
    Finding,
    Measurement,
    Severity,
    Startup,
    check,
)
from harness.config import Gate
from harness.lifecycle import Start, cold, honest, warm_up
from harness.runtime import Endpoint, Sandbox

Observations = list[Measurement | Finding | Evidence]
Starts = tuple[Start, ...]
Launch = Callable[[Sandbox], AbstractContextManager[tuple[Startup, Endpoint]]]


def _in_a_container(gate: Gate) -> str:
    """Only a container can be given less than the machine has."""
    if gate.candidate.command is not None:
        return "a local process is not sandboxed: give the candidate as an image"
    if gate.candidate.url is not None:
        return "a candidate given by url is not started by the gate"
    return ""


def _ours_to_start(gate: Gate) -> str:
    given = gate.candidate.url is not None
    return "a candidate given by url is not started by the gate" if given else ""


def _several(gate: Gate) -> str:
    once = "candidate.starts is 1: startup.time_to_ready has the time of that start"
    return _ours_to_start(gate) or (once if gate.candidate.starts == 1 else "")


@check(measures=("waited",))
def check_ready(startup: Startup) -> Observations:
    """The candidate becomes ready and answers one real inference."""
    waited = Measurement("waited", startup.seconds, "s")
    if startup.ready:
        return [waited]
    return [
        waited,
        Finding(
            "not-ready",
            f"the candidate never became ready: {startup.reason}",
            expected=f"ready, and one inference answered; {startup.hint}".rstrip("; "),
            received=startup.reason,
        ),
        Evidence("text", "Log of the start", {"text": startup.logs}),
    ]


@check(limits={"time_to_ready": "<= 60 s"})
def check_time_to_ready(startup: Startup) -> Observations:
    """The first real inference is answered soon after the start."""
    _must_be_ready(startup)
    return [Measurement("time_to_ready", startup.seconds, "s", n=1)]


@check(limits={"cold_start": "<= 60 s"}, measures=("cold_start_median",), applies=_several)
def check_cold_start(starts: Starts) -> Observations:
    """Of several starts, the slowest answers its first real inference soon."""
    _must_be_ready(starts[0].startup)
    return cold(starts)


@check(limits={"failed_after_ready": "== 0"}, measures=("unready_again",), applies=_ours_to_start)
def check_honest(starts: Starts) -> Observations:
    """Once it says that it is ready, it answers, and goes on saying so."""
    _must_be_ready(starts[0].startup)
    return honest(starts)


@check(
    measures=("first_request_penalty", "warm_up_requests"), advisory=True, applies=_ours_to_start
)
def check_warm_up(starts: Starts) -> Observations:
    """By how much the first requests after a start are slower than later ones."""
    _must_be_ready(starts[0].startup)
    try:
        return warm_up(starts)
    except ValueError as few:
        pytest.skip(f"not measured: {few}")


@check(measures=("offline_ready",), applies=_in_a_container)
def check_offline(gate: Gate, startup: Startup, launch: Launch) -> Observations:
    """The candidate becomes ready without a way out to the network."""
    if gate.candidate.network == "none":
        if "network" not in startup.hint:
            _must_be_ready(startup)  # where something else kept it, nothing is known of this
        return _offline(startup, Severity.ERROR)
    _must_be_ready(startup)
    with launch(Sandbox(network="none")) as (alone, _):
        # The network was asked for: a policy that forbids it limits `startup.offline_ready`.
        return _offline(alone, Severity.WARNING)


@check(measures=("read_only_ready",), advisory=True, applies=_in_a_container)
def check_read_only(read_only_startup: Startup) -> Observations:
    """The candidate becomes ready with a read-only root and a tmpfs at /tmp."""
    seen: Observations = [Measurement("read_only_ready", float(read_only_startup.ready), n=1)]
    if read_only_startup.ready:
        return seen
    return [
        *seen,
        Finding(
            "needs-a-writable-root",
            f"with a read-only root it does not become ready: {read_only_startup.reason}",
            expected="writes below /tmp only",
            received=read_only_startup.reason,
        ),
        Evidence(
            "text", "Log of the start with a read-only root", {"text": read_only_startup.logs}
        ),
    ]


def _offline(startup: Startup, severity: Severity) -> Observations:
    seen: Observations = [Measurement("offline_ready", float(startup.ready), n=1)]
    if startup.ready:
        return seen
    return [
        *seen,
        Finding(
            "needs-the-network",
            f"without a way out it does not become ready: {startup.reason}",
            severity=severity,
            expected=startup.hint or "ready without the network",
            received=startup.reason,
        ),
        Evidence("text", "Log of the start without network", {"text": startup.logs}),
    ]


def _must_be_ready(startup: Startup) -> None:
    """A candidate that never became ready is `ready`'s finding; here there is nothing to see."""
    if not startup.ready:
        raise CandidateNotReady(f"the candidate never became ready: {startup.reason}")
