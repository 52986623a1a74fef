"""One load run, from the plan to the Traffic that it was."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from harness import units
from harness.config import Gate
from harness.limits import Limit
from harness.load.driving.phases import Phase
from harness.load.driving.record import Rows, has
from harness.load.driving.rig import Rig
from harness.load.driving.window import Gathering, Window
from harness.load.errors import LoadError
from harness.load.locustside import layout
from harness.load.resources.sampler import Sampler
from harness.load.statistics.looks import Look
from harness.load.traffic import Traffic, WarmUp
from harness.load.trust import floor, health
from harness.model import Exit, Outcome, Usage

if TYPE_CHECKING:
    from harness.contract import Contract
    from harness.load.driving.driver import Driver
    from harness.load.planned.plan import Plan

_BEHIND = 2 * layout.FLUSH  # seconds after which the record surely has what had happened
_SELDOM = 20.0  # times as long as a reading takes lies between two of them, beside the load
_SHORT_PATIENCE = 0.5  # at an early end nothing that is still open counts


class Loaded(Protocol):
    """What a run needs of an Endpoint."""

    @property
    def base_url(self) -> str:
        """Where it listens."""

    def running(self) -> bool:
        """Whether it still runs."""

    def usage(self) -> Usage:
        """Its resources now."""

    def exit(self) -> Exit | None:
        """How it ended."""


def run(
    gate: Gate,
    endpoint: Loaded,
    contract: Contract,
    limits: Mapping[str, Limit],
    rig: Rig | None = None,
) -> Traffic:
    """Put the declared traffic on the endpoint until every limit is decided.

    `limits` are the family's, by measurement name; `rig` was made for the same ones, or is made
    here. The run lasts at most the warm-up and the duration of `[load]`; it ends early at a
    planned look where all limits are decided. Raises LoadError where the load could not be made;
    what the candidate does under it is never raised.
    """
    if gate.load is None:
        raise LoadError("this gate has no [load]")
    if rig is None:
        with Rig(gate, endpoint, contract, limits) as made:
            return run(gate, endpoint, contract, limits, made)
    looking = Looking(rig.plan, rig.driver, further=gate.load.locustfile is not None)
    with Sampler(endpoint) as sampler:
        phase = _send(rig, looking)
    traffic = _conclude(rig, phase, looking.look, sampler)
    ended = endpoint.exit() if not endpoint.running() else None
    return replace(
        traffic,
        memory_limit_bytes=units.in_base(gate.candidate.resources.memory, "size"),
        **_floor(rig),
        died="" if endpoint.running() else _death(ended),
    )


def _send(rig: Rig, looking: Looking) -> Phase:
    return rig.driver.open(
        rig.plan.schedule,
        users=rig.plan.users,
        timeout=rig.plan.timeout,
        patience=rig.plan.patience,
        watch=looking.over,
        hurry=min(_SHORT_PATIENCE, rig.plan.patience),
        first=0,  # recorded requests keep their own times
    )


class Looking:
    """Follows a running phase from look to look; `look` is the one that ended it, or the last."""

    def __init__(self, made: Plan, driver: Driver, further: bool = False) -> None:
        """`further`: tasks may send more than the planned requests, nobody knows how long."""
        self._further = further
        self._pause = 0.0  # time.monotonic() before which nothing is read again
        self._plan = made
        self._driver = driver
        self._early = list(made.looks[:-1])
        self._taken = 0
        self._gathered: Gathering | None = None
        self.look = made.looks[-1]

    def over(self) -> bool:
        """Whether a look is due, and what it sees is enough."""
        if not self._early or not self._complete(self._early[0]):
            return False
        look = self._early.pop(0)
        window = _window(self._plan, look, self._gather())
        traffic = _traffic(self._plan, look, window, self._driver.names)
        if not self._enough(look, traffic):
            return False
        self.look, self._early = look, []
        return True

    def _complete(self, look: Look) -> bool:
        """Whether nothing that it judges is still to come, or all that is would be too late."""
        now = time.monotonic()
        if now >= self._due(look):
            return True
        if self._further or now < max(self._ends(look), self._pause):
            return False
        made = self._plan
        complete = self._gather().complete(made.first, made.first + look.n)
        took = time.monotonic() - now
        self._pause = now + _SELDOM * took
        return complete

    def _ends(self, look: Look) -> float:
        """When the last of its requests falls due."""
        last = self._plan.schedule[self._plan.first + look.n - 1]
        return float(self._driver.origin + last)

    def _due(self, look: Look) -> float:
        """When what has not been answered counts as too late."""
        return self._ends(look) + self._plan.horizon + _BEHIND

    def _gather(self) -> Gathering:
        """What came since the last look is added; nothing is read twice."""
        if self._gathered is None:
            self._gathered = Gathering(self._plan.schedule, self._driver.origin)
        rows = self._driver.rows()
        self._gathered.take(rows[self._taken :])
        self._taken = len(rows)
        return self._gathered

    def _enough(self, look: Look, traffic: Traffic) -> bool:
        """Whether every limit passes or fails, or one fails where that is to end the run."""
        made = self._plan
        seconds = traffic.window.seconds
        outcomes = [
            limit.judge(measured)
            for name, limit in made.limits.items()
            if (measured := traffic.measure(name)) is not None
        ]
        if made.abort_after is not None and seconds >= made.abort_after:
            if Outcome.FAILED in outcomes:
                return True
        decided = len(outcomes) == len(made.limits) and Outcome.INCONCLUSIVE not in outcomes
        return bool(outcomes) and decided and seconds >= made.least


def _window(made: Plan, look: Look, gathered: Gathering) -> Window:
    last = made.first + look.n
    whole = last == len(made.schedule)
    end = made.warmup + made.duration if whole else float(made.schedule[last])
    return gathered.window(made.first, last, end)


def _traffic(made: Plan, look: Look, window: Window, names: Mapping[int, str]) -> Traffic:
    return Traffic(
        rate=made.rate,
        users=made.users,
        seed=made.seed,
        confidence=look.confidence,
        ended_early=look.n < made.looks[-1].n,
        window=window,
        warmup=WarmUp(0, 0, None),
        names=names,
        deadline=made.deadline,
        traced=made.traced,
    )


def _floor(rig: Rig) -> dict[str, Any]:
    """What was measured of the candidate stands, whatever becomes of this."""
    if rig.null is None:
        return {}
    try:
        if isinstance(rig.null, LoadError):
            raise rig.null
        return {"floor": floor.measure(rig.driver, rig.null)}
    except LoadError as problem:
        return {"floor_problem": str(problem)}


def _conclude(rig: Rig, phase: Phase, look: Look, sampler: Sampler) -> Traffic:
    made = rig.plan
    gathered = Gathering(made.schedule, phase.origin)
    gathered.take(phase.rows)
    window = _window(made, look, gathered)
    _check_complete(window)
    host = health.of_host(phase.spins, phase.pressure)
    return replace(
        _traffic(made, look, window, phase.names),
        warmup=_warmup(phase.rows, window.start, made.warmup),
        failures=phase.failures,
        usage=sampler.samples,
        client_cpu=phase.client_cpu,
        doubts=health.doubts(window),
        excuses=(*_excuses(made, phase, window), *host),
        notes=(*rig.notes, *_notes(rig.driver, phase, window, sampler)),
        phase=phase,
    )


def _excuses(made: Plan, phase: Phase, window: Window) -> tuple[str, ...]:
    cpu, still = phase.client_cpu, phase.stalled
    return health.excuses(window, made.users, made.tightest, cpu, still)


def _check_complete(window: Window) -> None:
    """The verdict is taken from our own record: nothing of it may be missing."""
    missing = int(np.count_nonzero(window.pending))
    if missing:
        raise LoadError(
            f"the record lacks {missing} of {len(window.planned)} planned requests although "
            "Locust says that it ended well; please report this"
        )
    if window.n == 0:
        raise LoadError(
            f"none of {len(window.planned)} started tasks sent a request to the endpoint: does the "
            "locustfile use self.client, with paths alone?"
        )


def _warmup(rows: Rows, start: float, seconds: float) -> WarmUp:
    early = rows[rows["planned"] < start]
    failed = has(early, layout.FAILED)
    took = (early["sent"] - early["planned"] + early["service"])[~failed]
    slowest = float(np.max(took)) * 1e3 if len(took) else None
    return WarmUp(len(early), int(np.count_nonzero(failed)), slowest, seconds)


def _notes(driver: Driver, phase: Phase, window: Window, sampler: Sampler) -> tuple[str, ...]:
    rows, users, answers = phase.rows, phase.users, driver.answers
    queued, unsent = float(np.mean(window.queued)), int(np.count_nonzero(window.unsent))
    retried = int(np.count_nonzero(has(rows, layout.RETRIED)))
    left = users if phase.users_left is None else phase.users_left
    unheld = int(np.count_nonzero(answers.unheld(rows)))
    usual = ", ".join(sorted(answers.usual))
    told = [
        (queued > 0.01, f"{100 * queued:.1f} % of the requests found all {users} users busy"),
        (unsent > 0, f"{unsent} requests were never sent: no user became free before the end"),
        (retried > 0, f"{retried} requests went out again, as a kept connection had been closed"),
        (left < users, f"{users - left} of {users} users stopped themselves"),
        (unheld > 0, f"{unheld} answers were not held against the contract: all of them differ"),
        (bool(usual), f"not counted, as answers break it without load too: {usual}"),
        (
            bool(answers.unquiet),
            f"answers were not held against those without load: {answers.unquiet}",
        ),
        (bool(sampler.problem), f"resources were not sampled to the end: {sampler.problem}"),
        (os.cpu_count() == 1, "load generator and candidate shared one processor core"),
    ]
    return tuple(text for true, text in told if true)


def _death(ended: Exit | None) -> str:
    if ended is None:
        return "the candidate ended under the load"
    if ended.oom_killed:
        return "the candidate ran out of memory under the load and was killed"
    return f"the candidate ended under the load with exit code {ended.code}"
