"""One load run, from the plan to the Traffic that it was."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from harness import units
from harness.config import Gate
from harness.limits import Limit
from harness.load import health, plan
from harness.load.answers import usual_faults, wrong_answers
from harness.load.errors import LoadError
from harness.load.generator import Generator
from harness.load.locustside import layout
from harness.load.looks import Look
from harness.load.record import Rows, has, read_rows
from harness.load.rig import Rig
from harness.load.sampler import Sampler
from harness.load.traffic import Failure, Traffic, WarmUp
from harness.load.window import Window, cut
from harness.model import Exit, Outcome, Usage

if TYPE_CHECKING:
    from harness.contract import Contract

_POLL = 0.1  # seconds
_BEHIND = 0.3  # seconds that the record is behind the clock
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
    plan.refuse_strangers(endpoint.base_url)
    with rig or Rig(gate, contract, limits) as ready:
        made, generator, folder = ready.plan, ready.generator, ready.folder
        usual = usual_faults(contract, endpoint.base_url)
        generator.go(base_url=endpoint.base_url, timeout=made.timeout, patience=made.patience)
        with Sampler(endpoint) as sampler:
            look = _conduct(made, generator, folder)
        generator.leave()
        return _conclude(made, look, generator, sampler, folder, contract, usual, endpoint, gate)


def _conduct(made: plan.Plan, generator: Generator, folder: Path) -> Look:
    """Follow the run to its end; the look that ended it."""
    looks = list(made.looks)
    ended_by = looks[-1]
    while not generator.ended:
        time.sleep(_POLL)
        generator.follow()
        if len(looks) < 2 or time.monotonic() < _due(made, looks[0], generator.origin):
            continue
        look = looks.pop(0)
        if _decided(made, look, generator, read_rows(folder / layout.RECORDS)):
            ended_by, looks = look, []
            generator.stop(_SHORT_PATIENCE)
    return ended_by


def _due(made: plan.Plan, look: Look, origin: float) -> float:
    last = made.schedule[made.first + look.n - 1]
    return float(origin + last + made.horizon + _BEHIND)


def _decided(made: plan.Plan, look: Look, generator: Generator, rows: Rows) -> bool:
    """Whether every limit passes or fails on what this look sees."""
    traffic = _traffic(made, look, _window(made, look, generator.origin, rows, {}))
    for name, limit in made.limits.items():
        measured = traffic.measure(name)
        if measured is None or limit.judge(measured) is Outcome.INCONCLUSIVE:
            return False
    return bool(made.limits)


def _window(
    made: plan.Plan, look: Look, origin: float, rows: Rows, wrong: Mapping[int, str]
) -> Window:
    last = made.first + look.n
    whole = last == len(made.schedule)
    end = made.warmup + made.duration if whole else float(made.schedule[last])
    return cut(rows, made.schedule, origin, made.first, last, end, wrong)


def _traffic(made: plan.Plan, look: Look, window: Window) -> Traffic:
    return Traffic(
        rate=made.rate,
        users=made.users,
        seed=made.seed,
        confidence=look.confidence,
        ended_early=look.n < made.looks[-1].n,
        window=window,
        warmup=WarmUp(0, 0, None),
    )


def _conclude(
    made: plan.Plan,
    look: Look,
    generator: Generator,
    sampler: Sampler,
    folder: Path,
    contract: Contract,
    usual: frozenset[str],
    endpoint: Loaded,
    gate: Gate,
) -> Traffic:
    rows = read_rows(folder / layout.RECORDS)
    wrong, unseen = wrong_answers(folder / layout.ANSWERS, contract, usual)
    window = _window(made, look, generator.origin, rows, wrong)
    _check_complete(window, generator)
    cpu = _client_cpu(generator.beats, window)
    ended = endpoint.exit() if not endpoint.running() else None
    return replace(
        _traffic(made, look, window),
        warmup=_warmup(rows, window.start, made.warmup),
        failures=_failures(generator, rows, wrong),
        usage=sampler.samples,
        memory_limit_bytes=units.in_base(gate.candidate.resources.memory, "size"),
        client_cpu=cpu,
        doubts=health.doubts(window),
        excuses=health.excuses(window, made.users, made.tightest, cpu),
        notes=_notes(rows, window, unseen, usual, sampler, generator, made.users),
        died="" if endpoint.running() else _death(ended),
    )


def _check_complete(window: Window, generator: Generator) -> None:
    """The verdict is taken from our own record: nothing of it may be missing."""
    missing = int(np.count_nonzero(window.pending))
    if missing:
        raise LoadError(
            f"the record lacks {missing} of {len(window.planned)} planned requests although "
            "Locust says that it ended well; please report this"
        )
    if window.n == 0:
        raise LoadError(
            f"none of {len(window.planned)} started tasks sent a request: does the locustfile "
            "use self.client?"
        )
    if not generator.beats:
        raise LoadError("Locust ended before its first sign of life")


def _client_cpu(beats: Sequence[Mapping[str, Any]], window: Window) -> float | None:
    inside = [beat for beat in beats if beat["at"] >= window.start] or list(beats)
    if len(inside) < 2:
        return None
    first, last = inside[0], inside[-1]
    return float((last["cpu"] - first["cpu"]) / (last["at"] - first["at"]))


def _warmup(rows: Rows, start: float, seconds: float) -> WarmUp:
    early = rows[rows["planned"] < start]
    failed = has(early, layout.FAILED)
    took = (early["sent"] - early["planned"] + early["service"])[~failed]
    slowest = float(np.max(took)) * 1e3 if len(took) else None
    return WarmUp(len(early), int(np.count_nonzero(failed)), slowest, seconds)


def _failures(generator: Generator, rows: Rows, wrong: Mapping[int, str]) -> tuple[Failure, ...]:
    """Kinds of failure in the whole run, the most frequent first."""
    found = [Failure(name, status, why, count) for name, status, why, count in generator.failures]
    for answer, reason in wrong.items():
        mine = rows[rows["answer"] == answer]
        name = generator.names.get(int(mine["name"][0]), "") if len(mine) else ""
        found.append(Failure(name, 200, reason, len(mine)))
    return tuple(sorted(found, key=lambda failure: -failure.count))


def _notes(
    rows: Rows,
    window: Window,
    unseen: int,
    usual: frozenset[str],
    sampler: Sampler,
    generator: Generator,
    users: int,
) -> tuple[str, ...]:
    queued, unsent = float(np.mean(window.queued)), int(np.count_nonzero(window.unsent))
    retried = int(np.count_nonzero(has(rows, layout.RETRIED)))
    left = min((beat["users"] for beat in generator.beats), default=users)
    dropped = int(np.count_nonzero(rows["answer"] == layout.DROPPED_ANSWER)) + unseen
    told = [
        (queued > 0.01, f"{queued:.1%} of the requests found all {users} users busy and waited"),
        (unsent > 0, f"{unsent} requests were never sent: no user became free before the end"),
        (retried > 0, f"{retried} requests went out again, as a kept connection had been closed"),
        (left < users, f"{users - left} of {users} users stopped themselves"),
        (dropped > 0, f"{dropped} answers could not be held against the contract: all differ"),
        (bool(usual), f"not counted, as answers break it without load too: {_listed(usual)}"),
        (bool(sampler.problem), f"resources were not sampled to the end: {sampler.problem}"),
        (os.cpu_count() == 1, "load generator and candidate shared one processor core"),
    ]
    return tuple(text for true, text in told if true)


def _listed(rules: frozenset[str]) -> str:
    return ", ".join(sorted(rules))


def _death(ended: Exit | None) -> str:
    if ended is None:
        return "the candidate ended under the load"
    if ended.oom_killed:
        return "the candidate ran out of memory under the load and was killed"
    return f"the candidate ended under the load with exit code {ended.code}"
