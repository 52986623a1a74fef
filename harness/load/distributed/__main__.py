"""`python -m harness.load.distributed ...`: Locust as master or worker, with our hooks in it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import locust.main
from locust import events as locust_events

from harness.load.distributed.outpost import Outpost
from harness.load.distributed.relay import Relay
from harness.load.locustside import layout
from harness.load.locustside.session import current, install

events: Any = locust_events  # which are not typed


def _master(folder: Path, control: int, workers: int) -> None:
    events.init.add_listener(Relay(folder, control, workers).begin)


def _worker(folder: Path, lifeline: int) -> None:
    """The session of this process hears through a pipe what the master's messages say."""
    tempfile.tempdir = str(folder)  # where Locust puts the locustfile that the master sends
    reading, writing = os.pipe()
    outpost = Outpost(folder, lifeline, writing)
    events.init.add_listener(outpost.begin)  # before the session's, which waits for a command
    os.environ[layout.VARIABLE] = json.dumps({"folder": str(folder), "control": reading})
    install(events)
    current().before_exit = outpost.farewell


told = json.loads(os.environ[layout.VARIABLE])
if "workers" in told:
    _master(Path(told["folder"]), told["control"], told["workers"])
else:
    _worker(Path(told["folder"]), told["control"])
locust.main.main()  # type: ignore[no-untyped-call]
