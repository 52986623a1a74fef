"""A worker inside Locust: commands come in the master's messages, slices of the record go back."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
import gevent.os
from gevent import monkey
from locust import runners

from harness import __version__
from harness.load.distributed.tail import Slices
from harness.load.locustside import layout
from harness.load.locustside.session import current

KEY = "releasegate"  # of our messages, and of our part in Locust's reports
VERSION = f"releasegate {__version__} (rows {layout.ROW.format})"
LINGER = 0.3  # seconds for what was said to be heard: sockets have a thread of their own
_INTERVAL = 0.25  # seconds between two reports; Locust's own 3 are too long for early ends
_MASTER_SILENT = 10.0  # seconds
_REACH_WITHIN = 5.0
pause = monkey.get_original("time", "sleep")  # in which nothing else may happen


class Outpost:
    """Between the session of this process and the master: a pipe one way, its files the other."""

    def __init__(self, folder: Path, lifeline: int, commands: int) -> None:
        """`lifeline` is closed where `gate load worker` has gone; `commands` is the session's."""
        self._folder = folder
        self._lifeline = lifeline
        self._commands = commands
        self._slices = Slices(folder)
        self._reached: set[str] = set()

    def begin(self, environment: Any, runner: Any, **_: Any) -> None:
        """Locust has connected to its master."""
        self._environment, self._runner = environment, runner
        runners.WORKER_REPORT_INTERVAL = _INTERVAL
        runner.register_message(KEY, self._told)
        environment.events.report_to_master.add_listener(self._report)
        gevent.os.make_nonblocking(self._lifeline)
        gevent.spawn(self._end_with_parent)
        gevent.spawn(self._end_with_master)

    def farewell(self) -> None:
        """Tell the master why the process is about to end itself."""
        problem = current().recorder.problem
        if problem:  # it could not be written down
            self._slices.say("error", message=problem)
        self._runner._send_stats()
        pause(LINGER)

    def _report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        data[KEY] = {"version": VERSION, **self._slices.next()}

    def _told(self, environment: Any, msg: Any, **_: Any) -> None:
        told = msg.data
        if told["do"] == "file":
            (self._folder / Path(told["name"]).name).write_bytes(told["data"])
        elif told["do"] == "dismiss":
            self._note("dismissed", why=told["why"])
            os.close(self._commands)  # with which the session ends, whatever it waits for
        else:
            command = told["command"]
            why = self._unreachable(command.get("target"))
            if why:
                self._note("error", message=why)
            else:
                os.write(self._commands, json.dumps(command).encode() + b"\n")

    def _unreachable(self, target: str | None) -> str:
        """Why this machine cannot put load on a target; asked once of each.

        From elsewhere, a candidate on the master's own loopback is not to be seen: the candidate
        would seem to refuse every request.
        """
        if target is None or target in self._reached:
            return ""
        url = urlsplit(target)
        try:
            socket.create_connection((url.hostname, url.port or 80), _REACH_WITHIN).close()
        except OSError as problem:
            return f"{target} cannot be reached from here: {problem.strerror or problem}"
        self._reached.add(target)
        return ""

    def _note(self, event: str, **data: Any) -> None:
        """An event of our own, in the file where `gate load worker` reads the session's."""
        with (self._folder / layout.EVENTS).open("ab") as file:
            file.write(json.dumps({"event": event, **data}).encode() + b"\n")

    def _end_with_parent(self) -> None:
        while gevent.os.nb_read(self._lifeline, 4096):
            pass
        quitting = self._environment.events.quitting
        quitting.fire(environment=self._environment)  # which tells the master
        pause(LINGER)
        os._exit(layout.EXIT_ALONE)

    def _end_with_master(self) -> None:
        while True:
            gevent.sleep(1.0)
            heard = self._runner.last_heartbeat_timestamp
            if heard is not None and time.time() - heard > _MASTER_SILENT:
                why = f"nothing was heard of the master for {_MASTER_SILENT:g} s"
                self._note("error", message=why)
                os._exit(layout.EXIT_ALONE)
