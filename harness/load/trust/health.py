"""Whether a phase shows what it should: the load generator's verdict upon itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from harness.load.driving.record import has
from harness.load.driving.window import Flags, Window
from harness.load.locustside import layout
from harness.load.trust.calibration import Pressure

if TYPE_CHECKING:
    from harness.load.driving.phases import Phase

_MOST_CPU = 0.80  # of one core: beyond it, Locust's own waiting is measured
_MOST_OFF = 0.02  # of the planned number of requests
_SIGMAS = 3.0
_LEAST_LATENESS = 0.001  # seconds
_LATENESS_SHARE = 0.10  # of the tightest latency limit, or of the p99 that was measured
_MOST_SILENT = 0.01
_MOST_STALLED = 0.01  # of the time
_MOST_QUEUED = 0.01
_MOST_STEAL = 0.05
_MOST_WAITING = 0.20  # of the time, where other work is seen to use the machine
_MOST_WAITING_ALONE = 0.50  # of the time, where it cannot be seen whose work that is
_MOST_FOREIGN = 0.5  # cores
_MOST_DRIFT = 1.5


def doubts(window: Window) -> tuple[str, ...]:
    """Why the endpoint was asked less than was planned; each names the figure. Empty: it was not.

    Such a run proves nothing: neither that the endpoint bears the load, nor that it does not.
    """
    return tuple(text for text in (_off(window), _silent(window.silent)) if text)


def excuses(
    window: Window,
    users: int,
    tightest: float | None,
    client_cpu: float | None,
    stalled: float = 0.0,
) -> tuple[str, ...]:
    """Why the figures may be worse than the endpoint is; each names the figure.

    They count from the planned start, so whatever holds up the load generator makes them larger:
    such a run can pass all the same, but a limit that it breaks was perhaps not broken by the
    endpoint. `tightest` is the tightest latency limit in seconds, None without one; `client_cpu`
    the share of one core that Locust's process used; `stalled` the seconds in which it did not
    move at all.
    """
    found = [_late(window, tightest), _busy(client_cpu)]
    # Who stands still cannot see that its users have become free.
    found.append(_still(stalled, window.seconds) or _crowded(window, users))
    return tuple(text for text in found if text)


def of_host(spins: tuple[float, float] | None, pressure: Pressure) -> tuple[str, ...]:
    """The same of the machine: what else it did, and whether it kept its speed."""
    found = [_steal(pressure.steal), _shared(pressure), _drift(spins)]
    return tuple(text for text in found if text)


def of_phase(phase: Phase) -> tuple[str, ...]:
    """`doubts` of a whole phase."""
    if len(phase.rows) == 0:
        return ("nothing was sent",)
    if phase.schedule is not None:
        return doubts(phase.window)
    silent = _silent(has(phase.tickets, layout.SILENT))
    return (silent,) if silent else ()


def excuses_of_phase(phase: Phase, tightest: float | None) -> tuple[str, ...]:
    """`excuses` of a whole phase, with those of the host."""
    host = of_host(phase.spins, phase.pressure)
    if phase.schedule is not None and len(phase.rows):
        cpu, still = phase.client_cpu, phase.stalled
        return (*excuses(phase.window, phase.users, tightest, cpu, still), *host)
    busy = _busy(phase.client_cpu)
    return (busy, *host) if busy else host


def _late(window: Window, tightest: float | None) -> str:
    late = window.lateness[np.isfinite(window.lateness)]
    if len(late) == 0:
        return ""
    answered = window.response[np.isfinite(window.response)]
    yardstick = tightest or (float(np.quantile(answered, 0.99)) if len(answered) else 0.0)
    allowed = max(_LEAST_LATENESS, _LATENESS_SHARE * yardstick)
    p99 = float(np.quantile(late, 0.99))
    if p99 <= allowed:
        return ""
    return (
        f"the load generator itself was late: p99 of its lateness is {p99 * 1e3:.1f} ms, "
        f"expected at most {allowed * 1e3:.1f} ms; give this machine less other work"
    )


def _off(window: Window) -> str:
    """Requests that went out late although users were idle: fewer than planned, or bunched."""
    planned = len(window.planned)
    queued = np.count_nonzero(window.queued) / planned
    late = window.planned + np.nan_to_num(window.lateness, nan=0.0)
    sent = int(np.count_nonzero(late < window.seconds))
    missing = planned - sent
    if queued > _MOST_QUEUED or missing <= max(_MOST_OFF * planned, _SIGMAS * math.sqrt(planned)):
        return ""
    return (
        f"the load generator sent {sent / window.seconds:.1f} requests a second where "
        f"{planned / window.seconds:.1f} were planned"
    )


def _busy(client_cpu: float | None) -> str:
    if client_cpu is None or client_cpu <= _MOST_CPU:
        return ""
    return (
        f"the load generator used {100 * client_cpu:.0f} % of its processor core, expected at most "
        f"{100 * _MOST_CPU:.0f} %; lower load.rate, or make the locustfile do less"
    )


def _still(stalled: float, seconds: float) -> str:
    if stalled <= _MOST_STALLED * seconds:
        return ""
    return (
        f"the load generator stood still for {stalled:.2f} s of {seconds:.1f} s, expected at most "
        f"{100 * _MOST_STALLED:.0f} %: it was stopped, or something kept it from its processor"
    )


def _silent(silent: Flags) -> str:
    share = float(np.mean(silent)) if len(silent) else 0.0
    if share <= _MOST_SILENT:
        return ""
    return f"{100 * share:.1f} % of the tasks that were started on plan ended without any request"


def _crowded(window: Window, users: int) -> str:
    """Every user was busy, but not with waiting for the endpoint."""
    queued = float(np.mean(window.queued))
    service = window.service[np.isfinite(window.service)]
    waiting = float(np.sum(service)) / window.seconds  # mean number in flight, by Little's law
    sent = ~window.silent & ~window.unsent
    unanswered = np.count_nonzero(~np.isfinite(window.service) & sent)
    if queued <= _MOST_QUEUED or unanswered or waiting > users / 2:
        return ""
    return (
        f"{100 * queued:.1f} % of the requests found all {users} users busy, while only "
        f"{waiting:.1f} requests were in flight: what the tasks do beside them holds the users; "
        "raise load.users"
    )


def _steal(steal: float | None) -> str:
    if steal is None or steal <= _MOST_STEAL:
        return ""
    return (
        f"the hypervisor gave {100 * steal:.1f} % of this machine's processor time to others, "
        f"expected at most {100 * _MOST_STEAL:.0f} %"
    )


def _shared(pressure: Pressure) -> str:
    """Other work that took processors away, as far as both can be seen."""
    waiting, foreign = pressure.waiting, pressure.foreign
    if foreign is not None and foreign <= _MOST_FOREIGN:
        return ""
    most = _MOST_WAITING if foreign is not None else _MOST_WAITING_ALONE
    if waiting is None or waiting <= most:
        return ""
    whose = (
        "this machine was busy, with whose work is not known"
        if foreign is None
        else f"other work used {foreign:.1f} cores of this machine"
    )
    return (
        f"{whose}: something waited for a processor in {100 * waiting:.0f} % of the time, expected "
        f"at most {100 * most:.0f} %"
    )


def _drift(spins: tuple[float, float] | None) -> str:
    if spins is None or max(spins) <= _MOST_DRIFT * min(spins):
        return ""
    before, after = spins
    return (
        f"this machine changed its speed: the same calculation took {before * 1e3:.2f} ms before "
        f"the run and {after * 1e3:.2f} ms after it"
    )
