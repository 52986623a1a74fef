"""The master inside Locust: the gate's commands go out to the workers, one record comes back."""

from __future__ import annotations

import json
import os
import time
import traceback
from array import array
from pathlib import Path
from typing import Any, NoReturn

import gevent
import gevent.os
from locust.runners import STATE_MISSING

from harness.load.distributed import slices
from harness.load.distributed.merging import Broken, Merge, Part, Worker, take_answers
from harness.load.distributed.outpost import KEY, LINGER, VERSION, pause
from harness.load.locustside import layout
from harness.load.locustside.recorder import Recorder

_SILENT = 6.0  # seconds without a report: Locust's own heartbeat is missed after four


class Relay:
    """Stands where a session stands in a single process: same folder, same pipe, same words."""

    def __init__(self, folder: Path, control: int, expected: int) -> None:
        self._folder = folder
        self._control = control
        self._expected = expected
        self._recorder = Recorder(folder)
        self._workers: dict[str, Worker] = {}
        self._unread = b""
        self._equipped = False  # the workers have the contract's requests
        self._turn = 0  # of the request that the next phase begins with
        self._merge: Merge | None = None

    def begin(self, environment: Any, runner: Any, **_: Any) -> None:
        """Locust's master listens. It may send for users as it likes: each worker makes its own."""
        self._runner = runner
        environment.events.worker_report.add_listener(self._reported)
        environment.shape_class = None
        gevent.os.make_nonblocking(self._control)
        gevent.spawn(self._watch)
        gevent.spawn(self._listen)

    def _reported(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        report = data.get(KEY)
        if report is None:  # not of ours: a Locust that was started without `gate`
            return
        worker = self._workers.get(client_id) or self._welcome(client_id, report)
        if worker is None:
            return
        try:
            self._take(worker, report)
        except Broken as problem:
            self._give_up(str(problem))
        except Exception:  # Locust would swallow it, and the run would never end
            self._give_up(f"a report of {worker} cannot be read: {traceback.format_exc()[-2000:]}")

    def _welcome(self, client_id: str, report: dict[str, Any]) -> Worker | None:
        """A worker that has not reported before; None where it is one too many."""
        if report["version"] != VERSION:
            host = Worker(client_id, 0).host
            self._give_up(f"{host} runs {report['version']}, the master {VERSION}")
        if len(self._workers) >= self._expected:
            why = f"the master has its {self._expected} workers already"
            self._send(client_id, do="dismiss", why=why)
            return None
        worker = self._workers[client_id] = Worker(client_id, len(self._workers) + 1)
        self._recorder.event("joined", worker=str(worker), of=self._expected)
        return worker

    def _take(self, worker: Worker, report: dict[str, Any]) -> None:
        if report["n"] != worker.reports:
            raise Broken(
                f"{worker} was cut off for a while: {report['n'] - worker.reports} of its "
                "reports are lost, and requests with them"
            )
        worker.reports += 1
        worker.heard = now = time.monotonic()
        for event in report["events"]:
            self._event(worker, event, now)
        take_answers(worker, report["answers"], self._recorder)
        if self._merge is not None and not self._merge.ended:
            self._merge.rows(worker, report["rows"])
            self._merge.settle()
            self._turn += self._merge.dealt

    def _event(self, worker: Worker, event: dict[str, Any], now: float) -> None:
        kind = event["event"]
        if kind == "error":
            more = "; its own output says more" if event.get("see_log") else ""
            raise Broken(f"{worker}: {event['message']}{more}")
        if kind == "task_error":
            self._recorder.event("task_error", message=f"{event['message']} (on {worker})")
        elif kind == "name":
            worker.names[event["id"]] = self._recorder.name(event["name"])
        elif kind == "ready":
            worker.ready = True
            if sum(other.ready for other in self._workers.values()) == self._expected:
                self._recorder.event("ready")
        elif self._merge is not None:
            self._merge.take(worker, event, now)

    def _command(self) -> slices.Command:
        """The next line from the gate. Where the gate has gone, everybody goes."""
        while b"\n" not in self._unread:
            data = gevent.os.nb_read(self._control, 65536)
            if not data:
                self._dismiss("the gate has ended")
                os._exit(layout.EXIT_ALONE)
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        command: slices.Command = json.loads(line)
        return command

    def _listen(self) -> None:
        while True:
            command = self._command()
            if command["do"] == "quit":
                self._dismiss("")
                os._exit(0)
            elif command["do"] == "phase":
                self._phase(command)
            else:
                for worker in self._merge.parts if self._merge is not None else ():
                    self._send(worker.id, do="command", command=command)

    def _phase(self, command: slices.Command) -> None:
        """Deal out one phase."""
        workers = list(self._workers.values())
        self._equip(workers)
        schedule, n = self._schedule(command), len(workers)
        parts: dict[Worker, Part] = {}
        for i, mine in enumerate(slices.cut(command, n, self._turn)):
            planned = None if schedule is None else slices.every(schedule, n, i)
            if mine is not None and (planned is None or len(planned)):
                parts[workers[i]] = Part(mine, planned, i, n)
        self._merge = Merge(command, parts, self._recorder)
        for worker, part in parts.items():
            if part.schedule is not None:
                name, data = command["schedule"], part.schedule.tobytes()
                self._send(worker.id, do="file", name=name, data=data)
            self._send(worker.id, do="command", command=part.command)

    def _schedule(self, command: slices.Command) -> array[float] | None:
        if command["kind"] != "open":
            return None
        schedule = array("d")
        schedule.frombytes((self._folder / command["schedule"]).read_bytes())
        return schedule

    def _equip(self, workers: list[Worker]) -> None:
        """Every worker has the contract's requests, once: each phase sends of these."""
        path = self._folder / layout.REQUESTS
        if not self._equipped and path.exists():
            data = path.read_bytes()
            for worker in workers:
                self._send(worker.id, do="file", name=layout.REQUESTS, data=data)
        self._equipped = True

    def _watch(self) -> None:
        while True:
            gevent.sleep(layout.BEAT)
            self._recorder.flush()
            if self._recorder.problem:
                self._give_up(self._recorder.problem)
            self._see_to()
            if self._merge is not None and self._merge.begun:
                self._recorder.event("beat", **self._merge.beat(time.monotonic()))

    def _see_to(self) -> None:
        """End the run where a worker is no more: what it had in flight is not known."""
        for worker in self._workers.values():
            node = self._runner.clients.get(worker.id)
            silent = time.monotonic() - worker.heard
            if node is None:
                why = "it has ended"
            elif node.state == STATE_MISSING:
                why = "no heartbeat came for 4 s: it was killed, cut off, or is stuck in a task"
            elif silent > _SILENT:
                why = f"it has not reported for {silent:.0f} s"
            else:
                continue
            missing = "" if self._merge is None else self._merge.missing(worker)
            self._give_up(f"{worker} of {self._expected} was lost: {why}{missing}")

    def _send(self, client_id: str, **told: Any) -> None:
        self._runner.send_message(KEY, told, client_id)

    def _dismiss(self, why: str) -> None:
        """Let every worker end."""
        for worker in self._workers.values():
            self._send(worker.id, do="dismiss", why=why)
        pause(LINGER)

    def _give_up(self, message: str) -> NoReturn:
        self._dismiss(message)
        self._recorder.event("error", message=message, see_log=False)
        os._exit(layout.EXIT_REFUSED)
