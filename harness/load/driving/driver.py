"""Driving one Locust process through phases: what is sent, where to, for how long."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.load.driving.answers import Answers
from harness.load.driving.generator import Generator, Told
from harness.load.driving.phases import Failure, Kind, Phase, client_cpu, stalled
from harness.load.driving.record import Rows, read_rows
from harness.load.errors import LoadError
from harness.load.locustside import layout
from harness.load.planned.arrivals import Times, apart, save
from harness.load.trust import calibration

Watch = Callable[[], bool]

_POLL = 0.02  # seconds
_WATCH = 0.05
_SHORT = 2.0  # seconds: a phase that lasts longer is looked at less often
_MOST_PHASES = 0xFFFF  # numbers that a row has room for
_GIVE_UP = 5.0  # seconds that a phase may take to end after it was told to


class Driver:
    """One phase after the other, each measured from its first start to its last answer.

    Every method raises LoadError, with the cause, where the load could not be made; what the
    endpoint does under it is never raised. `target` is a base URL, by default the candidate's.
    """

    def __init__(
        self,
        generator: Generator,
        folder: Path,
        *,
        target: str,
        rate: float,
        users: int,
        timeout: float,
        patience: float,
        answers: Callable[[], Answers],
        allow: Callable[[str], None],
    ) -> None:
        """`answers` is asked for once, before the first phase; `allow` raises for a stranger."""
        self.target = target  # default base URL
        self.rate = rate  # requests a second of [load], or the default's
        self.users = users  # requests in flight at most, by default
        self.timeout = timeout  # seconds for one answer, by default
        self.patience = patience  # seconds for what is in flight at the end, by default
        self._generator = generator
        self._folder = folder
        self._make_answers = answers
        self._allow = allow
        self._answers: Answers | None = None
        self._next = 1
        self._first_row = 0
        self._told: Told | None = None
        self._speed = calibration.Speed()
        self._shares: list[Callable[[], float | None]] = [time.process_time]
        self._shares += [lambda: generator.cpu, calibration.proxies]

    def count_in(self, used: Callable[[], float | None]) -> None:
        """Processor seconds so far of an endpoint, which then counts as no stranger's work."""
        self._shares.append(used)

    def open(
        self,
        schedule: Times,
        *,
        target: str | None = None,
        bodies: str = "all",
        users: int | None = None,
        timeout: float | None = None,
        patience: float | None = None,
        watch: Watch | None = None,
        hurry: float | None = None,
        first: int | None = None,
        spun: bool = True,
    ) -> Phase:
        """Send each request at its planned start, whether or not earlier ones are answered.

        `schedule`: seconds from the start of the phase, ascending, shape (n,), n > 0. `watch` is
        called about twenty times a second while it runs; True ends the phase, which then waits
        `hurry` seconds at most for what is in flight, as at its planned end it waits `patience`
        seconds; by default both are the same. The requests go on in their rotation where the last
        phase left it, or begin with number `first`. `spun` is whether the machine's speed is
        looked at before and after.
        """
        if len(schedule) == 0:
            raise LoadError("a phase without a request: its schedule is empty")
        schedule = apart(np.asarray(schedule, dtype=np.float64))
        path = self._folder / layout.schedule(self._next)
        save(path, schedule)
        waits = self.patience if patience is None else patience
        command: dict[str, Any] = {"kind": "open", "schedule": path.name, "bodies": bodies}
        command |= {"patience": waits, "timeout": self.timeout if timeout is None else timeout}
        command |= {"users": users or self.users, "first": first}
        try:
            (phase,) = self._run(
                "open", [target], command, schedule, watch, waits if hurry is None else hurry, spun
            )
        finally:
            path.unlink(missing_ok=True)
        return phase

    def closed(
        self,
        concurrency: int,
        *,
        seconds: float | None = None,
        requests: int | None = None,
        target: str | None = None,
        bodies: str = "all",
    ) -> Phase:
        """`concurrency` takers, each of which sends its next request once it has its answer.

        Until `seconds` have passed or `requests` were dealt, whichever comes first; one of the
        two is needed.
        """
        if seconds is None and requests is None:
            raise ValueError("seconds or requests: a closed phase needs an end")
        command: dict[str, Any] = {"kind": "closed", "concurrency": concurrency, "bodies": bodies}
        command |= {"seconds": seconds, "requests": requests}
        command |= {"timeout": self.timeout, "patience": self.patience}
        (phase,) = self._run("closed", [target], command)
        return phase

    def blocks(
        self,
        targets: Sequence[str],
        order: Sequence[int],
        requests: int,
        *,
        watch: Watch | None = None,
    ) -> list[Phase]:
        """One request at a time, `requests` to `targets[order[0]]`, then to `targets[order[1]]`...

        One Phase a block, in order; fewer where `watch` ended them, as in `open`. Spins and
        pressure are those around the whole call: call it for a few blocks at a time where they
        matter.
        """
        command: dict[str, Any] = {"kind": "blocks", "targets": list(targets), "bodies": "all"}
        command |= {"order": list(order), "requests": requests, "timeout": self.timeout}
        return self._run("blocks", [targets[turn] for turn in order], command, watch=watch)

    def rows(self) -> Rows:
        """For `watch`: rows of the running phase so far, in order of their end, shape (n,)."""
        return read_rows(self._record, self._first_row)

    @property
    def origin(self) -> float:
        """For `watch`: time.monotonic() of the running phase's zero."""
        return self._told.origin if self._told else 0.0

    @property
    def names(self) -> Mapping[int, str]:
        """What the numbers in the rows' `name` stand for, as far as they were met."""
        return self._generator.names

    @property
    def answers(self) -> Answers:
        """The distinct answers so far, held against the contract."""
        if self._answers is None:
            self._answers = self._make_answers()
        return self._answers

    @property
    def _record(self) -> Path:
        return self._folder / layout.RECORDS

    def _run(
        self,
        kind: Kind,
        targets: Sequence[str | None],
        command: dict[str, Any],
        schedule: Times | None = None,
        watch: Watch | None = None,
        hurry: float = 0.0,
        spun: bool = True,
    ) -> list[Phase]:
        """One phase a target, sent one after the other by one command."""
        asked = [target or self.target for target in targets]
        for target in asked:
            self._allow(target)
        if kind != "blocks":
            command["target"] = asked[0]
        answers = self.answers
        number = self._next if self._next + len(asked) <= _MOST_PHASES else 1
        self._next = number + len(asked)
        self._first_row = len(read_rows(self._record))
        patience = 0.0 if kind == "blocks" else calibration.PATIENCE  # a block is as short
        gauge = calibration.Gauge(self._used)
        before = self._speed.spin(patience) if spun else None
        told = self._told = self._generator.begin(number, **command)
        self._follow(told, watch, hurry)
        pressure = gauge.read()
        spins = None if before is None else (before, self._speed.spin(patience))
        answers.look()
        rows = self.rows()
        return [
            self._phase(told, number + turn, kind, target, rows, schedule, spins, pressure)
            for turn, target in enumerate(asked[: len(told.blocks) or 1])
        ]

    def _follow(self, told: Told, watch: Watch | None, hurry: float) -> None:
        """Until the phase is over."""
        begun = looked = time.monotonic()
        ending = False
        try:
            while told.ended is None:
                time.sleep(_POLL if ending or looked - begun < _SHORT else _WATCH)
                self._generator.follow()
                if time.monotonic() - looked < _WATCH:
                    continue
                looked = time.monotonic()
                if watch is not None and watch():
                    watch, ending = None, True
                    self._generator.stop(hurry)
        except LoadError:
            raise
        except Exception:
            self._give_up(told)
            raise

    def _give_up(self, told: Told) -> None:
        """Leave the process able to run another phase where the watcher failed."""
        self._generator.stop(0.0)
        deadline = time.monotonic() + _GIVE_UP
        while told.ended is None and time.monotonic() < deadline:
            time.sleep(_POLL)
            self._generator.follow()

    def _phase(
        self,
        told: Told,
        number: int,
        kind: Kind,
        target: str,
        found: Rows,
        schedule: Times | None,
        spins: tuple[float, float] | None,
        pressure: calibration.Pressure,
    ) -> Phase:
        rows = _of_phase(found, number)
        # One request at a time, as in blocks, is no load, and not all blocks are the candidate's.
        held = self.answers.mark(rows, "" if kind == "blocks" else target)
        start, end = told.origin, float(np.max(rows["sent"] + rows["service"], initial=told.origin))
        if kind == "blocks":
            block = told.blocks[number - told.id]
            start, end = block["start"], block["end"]
        elif schedule is not None:
            end = max(end, told.origin + float(schedule[max(told.dealt, 1) - 1]))
        return Phase(
            id=number,
            kind=kind,
            target=target,
            rows=rows,
            start=start,
            end=end,
            origin=told.origin,
            schedule=schedule,
            dealt=told.dealt,
            users=told.users,
            users_left=min((beat["users"] for beat in told.beats), default=None),
            names=dict(self._generator.names),
            failures=self._failures(told, rows, held.wrong),
            strays=held.findings,
            client_cpu=client_cpu(told.beats),
            stalled=stalled(told.origin, told.beats),
            spins=spins,
            pressure=pressure,
        )

    def _failures(self, told: Told, rows: Rows, wrong: Mapping[int, str]) -> tuple[Failure, ...]:
        """Kinds of failure, the most frequent first."""
        found = [Failure(name, status, why, count) for name, status, why, count in told.failures]
        mine = rows[np.isin(rows["answer"], list(wrong))]
        kinds = Counter((int(row["name"]), wrong[int(row["answer"])]) for row in mine)
        for (name, reason), count in kinds.items():
            found.append(Failure(self._generator.names.get(name, ""), 200, reason, count))
        return tuple(sorted(found, key=lambda failure: -failure.count))

    def _used(self) -> float | None:
        shares = [share() for share in self._shares]
        known = [share for share in shares if share is not None]
        return sum(known) if len(known) == len(shares) else None


def _of_phase(found: Rows, number: int) -> Rows:
    """Its rows by the time of their send."""
    mine = found[found["phase"] == number]
    return np.array(mine[np.argsort(mine["sent"], kind="stable")])
