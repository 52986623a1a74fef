"""`gate load worker`: one Locust worker that does what a master says, and then ends."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import temporary
from harness.load.distributed.place import Place, parse
from harness.load.driving import process
from harness.load.driving.record import Lines
from harness.load.errors import LoadError
from harness.load.locustside import layout

_POLL = 0.1  # seconds
_END_WITHIN = 3.0


def work(master: str, say: Callable[[str], None]) -> None:
    """Join the master at `HOST:PORT`, send what it deals to this worker, return when it is done.

    The locustfile and the requests come from the master. Raises ConfigError for an address that is
    none, LoadError with the cause where the run was broken off.
    """
    host, port = parse(master)
    words = ["-f", "-", "--worker", "--master-host", host, "--master-port", str(port)]
    with temporary.folder() as name:
        folder = Path(name)
        reading, lifeline = os.pipe()
        try:
            running = process.start(Place.MODULE, words, folder, folder, reading)
        finally:
            os.close(reading)
        say(f"waiting for the master at {master}")
        try:
            _follow(running, folder, say)
        finally:
            os.close(lifeline)  # Locust ends with it
            _end(running)


def _follow(running: subprocess.Popen[bytes], folder: Path, say: Callable[[str], None]) -> None:
    """Until Locust has ended; what it says meanwhile is told, or raised."""
    lines = Lines(folder / layout.EVENTS)
    told: dict[str, dict[str, Any]] = {}
    sent, code = 0, None
    while code is None:
        code = running.poll()  # asked before the lines are read: they are then all
        for line in lines.new():
            told.setdefault(line["event"], line)
            sent += line["dealt"] if line["event"] == "end" else 0
            if line["event"] == "ready":
                say("ready, and the master is there")
        time.sleep(_POLL)
    # An error here goes to the master first, which then breaks off.
    if "error" in told:
        more = f": {process.said(folder)}" if told["error"].get("see_log") else ""
        raise LoadError(f"{told['error']['message']}{more}")
    if "dismissed" not in told:
        raise LoadError(f"Locust ended with {process.ending(code)}: {process.said(folder)}")
    why = told["dismissed"]["why"]
    if why:
        raise LoadError(f"the master broke off: {why}")
    say(f"done: {sent} requests")


def _end(running: subprocess.Popen[bytes]) -> None:
    try:
        running.wait(_END_WITHIN)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
