"""Locust as a subprocess: started, told phase after phase what to send, followed, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from harness.load.distributed.place import Place
from harness.load.driving.process import ending, said, start
from harness.load.driving.record import Lines
from harness.load.errors import LoadError
from harness.load.locustside import layout
from harness.load.trust.calibration import process_seconds

_READY_WITHIN = 30.0  # seconds: to import the locustfile
_STARTED_WITHIN = 25.0
_SILENT_FOR = 5.0  # while a phase runs, Locust writes a line every quarter of a second
_END_WITHIN = 5.0


@dataclass
class Told:
    """What Locust has said of one phase."""

    id: int
    origin: float = 0.0  # time.monotonic() of the phase's zero
    users: int = 0
    started: bool = False
    ended: float | None = None  # time.monotonic() at which its end was heard
    dealt: int = 0
    beats: list[dict[str, Any]] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    failures: list[list[Any]] = field(default_factory=list)  # [name, status, reason, count]


class Generator:
    """One Locust process in a folder of its own. Use as a context; leaving it ends the process.

    Every method raises LoadError, with the cause, where Locust did not do its part.
    """

    def __init__(
        self,
        folder: Path,
        locustfile: Path | None,
        users: int,
        cwd: Path,
        place: Place | None = None,
    ) -> None:
        """`place`: the process is the master of workers elsewhere; by default it sends itself."""
        self._folder = folder
        self._locustfile = locustfile
        self._users = users
        self._cwd = cwd
        self._place = place
        self._lines = Lines(folder / layout.EVENTS)
        self._control = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = time.monotonic()
        self._ready = False
        self._phase: Told | None = None
        self._problem = ""  # why nothing more can be sent
        self._joined: list[str] = []  # workers of a master
        self.names: dict[int, str] = {}

    @property
    def cpu(self) -> float | None:
        """Processor seconds that Locust's process has used; None where that is not told."""
        if self._process is None or self._place is not None:  # workers may be anywhere
            return None
        return process_seconds(Path("/proc", str(self._process.pid)))

    def __enter__(self) -> Generator:
        reading, self._control = os.pipe()
        try:
            self._process = self._start(reading)
        finally:
            os.close(reading)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process = self._process
        if process is not None:
            if kind is None and process.poll() is None and not self._problem:
                self._quit(process)
            if self._place is None:
                process.kill()
        os.close(self._control)
        if process is not None:
            self._end(process)

    def begin(self, phase: int, **command: Any) -> Told:
        """Let a phase begin, once Locust is ready; returns when it has begun."""
        if self._problem:
            raise LoadError(self._problem)
        if not self._ready:
            self._await_ready()
        told = self._phase = Told(phase)
        self._heard = time.monotonic()
        self._tell(do="phase", id=phase, **command)
        hint = "does a user's on_start never end?"
        self._await(lambda: told.started, "started", _STARTED_WITHIN, hint)
        return told

    def stop(self, patience: float) -> None:
        """Plan nothing more; wait at most `patience` seconds for what is in flight."""
        self._tell(do="stop", patience=patience)

    def follow(self) -> None:
        """Take in what Locust has written since."""
        dead = self._running() is not None  # asked before the lines are read: they are then all
        lines = self._lines.new()
        if lines:
            self._heard = time.monotonic()
        for line in lines:
            self._take(line)
        if self._phase is not None and self._phase.ended is not None:
            return
        if dead:
            self._fail(f"{self._subject()}: {self._cause()}")
        silent = time.monotonic() - self._heard
        if silent > _SILENT_FOR and self._phase is not None and self._phase.started:
            why = "it was stopped, or something keeps it from its processor"
            if self._locustfile is not None:
                why = f"a task that never yields, like a loop without a request, or {why}"
            self._fail(f"{self._subject()}: Locust has not moved for {_SILENT_FOR:g} s: {why}")

    def _start(self, reading: int) -> subprocess.Popen[bytes]:
        source = self._locustfile or Path(__file__).parent.parent / "locustside" / "user.py"
        if "," in str(source):
            raise LoadError(f"{source}: Locust takes a comma for the end of a name; rename it")
        users = str(self._users)
        words = ["-f", str(source), "--users", users, "--spawn-rate", users]
        place = self._place
        if place is None:
            module = "harness.load.locustside"
            return start(module, words, self._folder, self._cwd, reading)
        words += place.words
        told = {"workers": place.workers}
        return start(place.MODULE, words, self._folder, self._cwd, reading, **told)

    def _quit(self, process: subprocess.Popen[bytes]) -> None:
        try:
            self._tell(do="quit")
            process.wait(_END_WITHIN)
        except (LoadError, subprocess.TimeoutExpired):
            pass  # it is killed then

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Without its pipe it ends; a master has to let its workers know."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_WITHIN)
        process.kill()
        process.wait()

    def _tell(self, **command: Any) -> None:
        try:
            os.write(self._control, json.dumps(command).encode() + b"\n")
        except BrokenPipeError:
            self._fail(f"{self._subject()}: {self._cause()}")

    def _await(self, done: Callable[[], bool], what: str, within: float, hint: str) -> None:
        deadline = time.monotonic() + within
        while not done():
            self.follow()
            if time.monotonic() > deadline:
                if self._place is not None and not self._ready:
                    self._fail(self._place.lonely(self._joined))
                self._fail(f"{self._subject()}: Locust was not {what} within {within:g} s: {hint}")
            time.sleep(0.002)

    def _await_ready(self) -> None:
        hint = "does the locustfile do work when it is imported?"
        within = _READY_WITHIN if self._place is None else self._place.PATIENCE
        self._await(lambda: self._ready, "ready", within, hint)

    def _fail(self, problem: str) -> NoReturn:
        """What broke one phase breaks all that would come after it."""
        self._problem = problem
        raise LoadError(problem)

    def _take(self, line: dict[str, Any]) -> None:
        event, phase = line["event"], self._phase
        if event == "error":
            more = f": {said(self._folder)}" if line.get("see_log") else ""
            self._fail(f"{self._subject()}: {line['message']}{more}")
        if event == "task_error":
            self._fail(f"{self._subject()}: a task raised {line['message']}")
        if event == "ready":
            self._ready = True
        elif event == "joined":
            self._joined.append(line["worker"])
        elif event == "name":
            self.names[line["id"]] = line["name"]
        elif phase is not None:
            self._take_phase(phase, line)

    def _take_phase(self, phase: Told, line: dict[str, Any]) -> None:
        event = line["event"]
        if line.get("phase", phase.id) != phase.id:
            return  # a late word on one that was given up
        if event == "started":
            phase.started, phase.origin, phase.users = True, line["origin"], line["users"]
        elif event == "beat":
            phase.beats.append(line)
            if line["users"] == 0:
                self._fail(f"{self._subject()}: every user has stopped itself")
        elif event == "block":
            phase.blocks.append(line)
        elif event == "failures":
            phase.failures = line["kinds"]
        elif event == "end":
            phase.ended, phase.dealt = time.monotonic(), line["dealt"]

    def _subject(self) -> str:
        return str(self._locustfile) if self._locustfile else "the load generator"

    def _running(self) -> int | None:
        return self._process.poll() if self._process else None

    def _cause(self) -> str:
        """How Locust ended, and the last thing that it said."""
        code = self._process.wait() if self._process else None
        end = "" if code is None else ending(code)
        if code == layout.EXIT_DISK:
            free = shutil.disk_usage(self._folder).free
            end += f", as its record cannot be written ({free} bytes are free in {self._folder})"
        when = "in the middle of its run" if self._phase else "before it could begin"
        return f"Locust ended {when} with {end}: {said(self._folder)}"
