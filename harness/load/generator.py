"""Locust as a subprocess: started, told what to send, followed, and ended."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import harness
from harness.load.errors import LoadError
from harness.load.locustside import layout
from harness.load.record import Lines

_READY_WITHIN = 30.0  # seconds: to import the locustfile
_STARTED_WITHIN = 25.0
_SILENT_FOR = 5.0  # Locust writes a line every quarter of a second
_END_WITHIN = 5.0
_TAIL = 16 * 1024
_ERROR = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|StopTest)\b")
_PLACE = re.compile(r'File ".*", line \d+')
_STAMP = re.compile(r"^\[[^\]]*\] \S+: ")


class Generator:
    """One Locust process in a folder of its own. Use as a context; leaving it ends the process.

    Every method raises LoadError, with the cause, where Locust did not do its part.
    """

    def __init__(self, folder: Path, locustfile: Path | None, users: int, cwd: Path) -> None:
        self._folder = folder
        self._locustfile = locustfile
        self._users = users
        self._cwd = cwd
        self._lines = Lines(folder / layout.EVENTS)
        self._control = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = time.monotonic()
        self.origin = 0.0  # time.monotonic() of the schedule's zero, once started
        self.names: dict[int, str] = {}
        self.failures: list[list[Any]] = []  # [name, status, reason, count]
        self.beats: list[dict[str, Any]] = []
        self.ended = False
        self._seen: set[str] = set()

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
        if self._process is not None and kind is not None:
            self._process.kill()
        self.leave()
        os.close(self._control)

    def leave(self) -> None:
        """Wait until Locust has written its last word and ended; it is ended where it lingers."""
        process = self._process
        if process is None:
            return
        try:
            process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def go(self, **plan: Any) -> None:
        """Wait until Locust is ready, then let it begin; returns when its schedule has begun."""
        self._await("ready", _READY_WITHIN, "does the locustfile do work when it is imported?")
        self._tell(do="go", **plan)
        self._await("started", _STARTED_WITHIN, "does a user's on_start never end?")

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
        if self.ended:
            return
        if dead:
            raise LoadError(f"{self._subject()}: {self._cause()}")
        if time.monotonic() - self._heard > _SILENT_FOR and "started" in self._seen:
            raise LoadError(
                f"Locust has not moved for {_SILENT_FOR:g} s: a task that never yields, like a "
                f"loop without a request, in {self._locustfile or 'its process'}"
            )

    def _start(self, reading: int) -> subprocess.Popen[bytes]:
        source = self._locustfile or Path(__file__).parent / "locustside" / "user.py"
        if "," in str(source):
            raise LoadError(f"{source}: Locust takes a comma for the end of a name; rename it")
        command = [sys.executable, "-P", "-m", "harness.load.locustside", "-f", str(source)]
        command += ["--headless", "--only-summary", "--loglevel", "WARNING"]
        command += ["--users", str(self._users), "--spawn-rate", str(self._users)]
        # Locust reads its options from the environment too: those of the user are not for us.
        clean = {key: text for key, text in os.environ.items() if not key.startswith("LOCUST_")}
        root = str(Path(harness.__file__).resolve().parent.parent)
        paths = [root, *filter(None, [clean.get("PYTHONPATH")])]
        told = json.dumps({"folder": str(self._folder), "control": reading})
        with (self._folder / layout.LOG).open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self._cwd,
                env={**clean, "PYTHONPATH": os.pathsep.join(paths), layout.VARIABLE: told},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(reading,),
            )

    def _tell(self, **command: Any) -> None:
        try:
            os.write(self._control, json.dumps(command).encode() + b"\n")
        except BrokenPipeError:
            raise LoadError(f"Locust has ended: {self._cause()}") from None

    def _await(self, event: str, within: float, hint: str) -> None:
        deadline = time.monotonic() + within
        while event not in self._seen:
            self.follow()
            if time.monotonic() > deadline:
                raise LoadError(f"Locust was not {event} within {within:g} s: {hint}")
            time.sleep(0.01)

    def _take(self, line: dict[str, Any]) -> None:
        event = line["event"]
        self._seen.add(event)
        if event == "error":
            more = f": {self._said()}" if line.get("see_log") else ""
            raise LoadError(f"{self._subject()}: {line['message']}{more}")
        if event == "task_error":
            raise LoadError(f"{self._subject()}: a task raised {line['message']}")
        if event == "name":
            self.names[line["id"]] = line["name"]
        elif event == "started":
            self.origin = line["origin"]
        elif event == "beat":
            self._beat(line)
        elif event == "failures":
            self.failures = line["kinds"]
        elif event == "end":
            self.ended = True

    def _beat(self, line: dict[str, Any]) -> None:
        self.beats.append(line)
        if line["users"] == 0:
            raise LoadError(f"{self._subject()}: every user has stopped itself")

    def _subject(self) -> str:
        return str(self._locustfile) if self._locustfile else "the load generator"

    def _running(self) -> int | None:
        return self._process.poll() if self._process else None

    def _cause(self) -> str:
        """How Locust ended, and the last thing that it said."""
        code = self._process.wait() if self._process else None
        end = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        when = "in the middle of its run" if "started" in self._seen else "before it could begin"
        return f"Locust ended {when} with {end}: {self._said()}"

    def _said(self) -> str:
        """The end of its log, in one line: an exception with its place where there is one."""
        path = self._folder / layout.LOG
        data = path.read_bytes()[-_TAIL:] if path.exists() else b""
        lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
        told = [line for line in lines if any(letter.isalpha() for letter in line)]
        if not told:
            return "it said nothing"
        error = next((line for line in reversed(told) if _ERROR.match(line)), told[-1])
        places = [line for line in told[: told.index(error)] if _PLACE.match(line)]
        place = f" at {places[-1].partition(', in ')[0]}" if places else ""
        return f"{_STAMP.sub('', error)[:500]}{place}"
