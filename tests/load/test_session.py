"""A session inside a real Locust process, told what to do line by line."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from harness.load.driving import process, record
from harness.load.locustside import layout

_HEAD = "from locust import FastHttpUser, HttpUser, LoadTestShape, TaskSet, User, between, task\n"
_LANES = Path(process.__file__).parent.parent / "locustside" / "user.py"
_ITEM = {
    "method": "POST",
    "path": "/predict",
    "name": "POST /predict",
    "headers": {"Content-Type": "application/json"},
    "body": base64.b64encode(b"{}").decode(),
}


class Locust:
    """A process, spoken to as the gate speaks to it."""

    def __init__(self, folder: Path, source: str | None) -> None:
        self.folder = folder
        (folder / layout.REQUESTS).write_text(json.dumps(_ITEM) + "\n", encoding="utf-8")
        file = _LANES
        if source is not None:
            file = folder / "locustfile.py"
            file.write_text(_HEAD + source, encoding="utf-8")
        reading, self.control = os.pipe()
        words = ["-f", str(file), "--users", "4", "--spawn-rate", "4"]
        self.process = process.start("harness.load.locustside", words, folder, folder, reading)
        os.close(reading)
        self._lines = record.Lines(folder / layout.EVENTS)
        self.events: list[dict[str, Any]] = []

    def tell(self, **command: Any) -> None:
        """Write one line."""
        os.write(self.control, json.dumps(command).encode() + b"\n")

    def begin(self, phase: int, target: str, **told: Any) -> None:
        """Let a phase begin: open with `times`, else closed."""
        if "times" in told:
            told |= {"kind": "open", "schedule": layout.schedule(phase)}
            data = array("d", told.pop("times")).tobytes()
            (self.folder / told["schedule"]).write_bytes(data)
        more = {"kind": "closed", "users": 4, "timeout": 5.0, "patience": 2.0}
        self.tell(do="phase", id=phase, target=target, **more | told)

    def until(self, event: str) -> dict[str, Any]:
        """The next event of a kind; an error in place of it is an event too."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            new = self._lines.new()
            self.events += new
            for line in new:
                if line["event"] in (event, "error", "task_error"):
                    return line
            time.sleep(0.005)
        raise AssertionError(f"no {event}: {process.said(self.folder)}")

    def play(self, phase: int, target: str, **told: Any) -> record.Rows:
        """The rows of a whole phase."""
        self.begin(phase, target, **told)
        assert self.until("end")["event"] == "end"
        rows = record.read_rows(self.folder / layout.RECORDS)
        found: record.Rows = rows[rows["phase"] == phase]
        return found

    def names(self, rows: record.Rows) -> dict[str, int]:
        """How often each name occurs."""
        known = {line["id"]: line["name"] for line in self.events if line["event"] == "name"}
        numbers, counts = np.unique(rows["name"], return_counts=True)
        return {known[int(number)]: int(n) for number, n in zip(numbers, counts, strict=True)}


@pytest.fixture
def locust(tmp_path: Path) -> Iterator[Callable[..., Locust]]:
    """Start one, with a locustfile or without."""
    started: list[Locust] = []

    def start(source: str | None = None) -> Locust:
        started.append(Locust(tmp_path, source))
        return started[-1]

    yield start
    for one in started:
        os.close(one.control)
        one.process.kill()
        one.process.wait()


@pytest.fixture(scope="module")
def quick(serve: Callable[..., Any]) -> str:
    """A server that answers within 2 ms."""
    return str(serve(delay=0.002).base_url)


def _tickets(rows: record.Rows) -> int:
    return int(np.count_nonzero(rows["flags"] & layout.TICKET))


def _times(count: int, rate: float = 200.0) -> list[float]:
    return [i / rate for i in range(count)]


def test_one_process_plays_many_phases_and_ends_when_told(
    locust: Callable[..., Locust], quick: str, serve: Callable[..., Any]
) -> None:
    one = locust()
    assert len(one.play(1, quick, times=_times(60))) == 60
    assert len(one.play(2, quick, concurrency=4, requests=30)) == 30
    other = str(serve(delay=0.001).base_url)
    one.tell(do="phase", id=3, kind="blocks", targets=[quick, other], order=[0, 1, 1, 0],
             requests=5, timeout=5.0)  # fmt: skip
    assert one.until("end")["dealt"] == 20
    one.begin(7, quick, times=_times(5000), patience=1.0)
    one.until("started")
    one.tell(do="stop", patience=0.5)
    assert one.until("end")["dealt"] < 5000
    one.tell(do="stop", patience=0.5)  # nothing runs: nothing happens
    assert len(one.play(8, quick, times=[0.0])) == 1
    one.tell(do="quit")
    assert one.process.wait(10) == 0


def test_between_phases_no_connection_is_kept_from_others(
    locust: Callable[..., Locust], serve: Callable[..., Any]
) -> None:
    slow = serve(delay=0.05)
    server = psutil.Process(slow.process.pid)
    one = locust()
    rows = one.play(1, str(slow.base_url), times=_times(60, 1000.0), users=50)
    deadline = time.monotonic() + 5
    kept = 1
    while kept and time.monotonic() < deadline:
        states = [connection.status for connection in server.net_connections("tcp4")]
        kept = states.count(psutil.CONN_ESTABLISHED)
    assert np.count_nonzero(rows["flags"] & layout.CONNECTED) > 10
    assert kept == 0


def test_users_of_every_class_and_weight_take_part_unchanged(
    locust: Callable[..., Locust], quick: str
) -> None:
    one = locust(
        """
class Fast(FastHttpUser):
    weight = 3
    wait_time = between(1, 5)
    def on_start(self):
        self.client.get("/login")
    @task
    def one(self):
        self.client.post("/predict", json={})

class Nested(HttpUser):
    fixed_count = 1
    wait_time = between(1, 5)
    @task
    class Steps(TaskSet):
        wait_time = between(2, 3)
        @task
        def two(self):
            with self.client.post("/nested", json={}, catch_response=True) as answer:
                answer.json()
            self.client.get("/second", name="second")

class Own(User):
    wait_time = between(1, 5)
    @task
    def three(self):
        self.environment.events.request.fire(
            request_type="OWN", name="call", response_time=1.0, response_length=1, exception=None,
            context=self.context())

class Shape(LoadTestShape):
    def tick(self):
        return None
"""
    )
    rows = one.play(1, quick, times=_times(200, 400.0), users=6)
    names = one.names(rows)
    assert _tickets(rows) == 200
    assert set(names) == {"GET /login", "POST /predict", "POST /nested", "GET second", "OWN call"}
    assert names["POST /nested"] == names["GET second"]
    assert names["POST /predict"] + names["POST /nested"] + names["OWN call"] == 200
    assert names["POST /predict"] > names["OWN call"]
    assert not (rows["flags"] & layout.FAILED).any()
    closed = one.play(2, quick, concurrency=2, requests=40)
    assert _tickets(closed) == 40


def test_users_are_made_anew_for_another_server_and_where_the_last_phase_holds_them(
    locust: Callable[..., Locust], quick: str, serve: Callable[..., Any]
) -> None:
    one = locust(
        "class U(FastHttpUser):\n    @task\n    def t(self):\n        self.client.get('/')\n"
    )
    silent = str(serve(silent=True).base_url)
    held = one.play(1, silent, times=[0.0] * 6, patience=0.1)
    assert [_tickets(held), np.count_nonzero(held["flags"] & layout.UNANSWERED)] == [6, 4]
    assert np.count_nonzero(held["flags"] & layout.UNSENT) == 2
    free = one.play(2, quick, times=_times(20), users=5)
    assert (free["status"] == 200).sum() == _tickets(free) == 20
    assert [line["users"] for line in one.events if line["event"] == "started"] == [4, 5]


def test_gate_users_ask_what_the_contract_has_and_what_they_like(
    locust: Callable[..., Locust], quick: str
) -> None:
    one = locust(
        """
from harness.load import GateUser

class U(GateUser):
    @task
    def both(self):
        assert self.ask()
        assert self.client.get("/x", name="own").status == 200
"""
    )
    rows = one.play(1, quick, times=_times(40))
    assert one.names(rows) == {"POST /predict": 40, "GET own": 40}
    assert _tickets(rows) == 40
    asked = rows[rows["answer"] != layout.NO_ANSWER]
    assert len(asked) == 40
    assert np.count_nonzero(rows["flags"] & layout.CONNECTED) == 4


def test_what_is_never_answered_is_recorded_under_its_own_name(
    locust: Callable[..., Locust], serve: Callable[..., Any]
) -> None:
    """Of users with a client; what a user of another kind waits for nobody can tell."""
    one = locust(
        """
from harness.load import GateUser
import gevent.event

class Fast(FastHttpUser):
    fixed_count = 1
    @task
    def t(self):
        self.client.post("/a?x=1", json={})

class Plain(HttpUser):
    fixed_count = 1
    @task
    def t(self):
        self.client.request(method="GET", url="/b", name="named")

class Renamed(HttpUser):
    fixed_count = 1
    @task
    def t(self):
        with self.client.rename_request("group"):
            self.client.get("/c")

class Lean(GateUser):
    fixed_count = 1
    @task
    def t(self):
        self.client.put("/d")

class Contract(GateUser):
    fixed_count = 1
    @task
    def t(self):
        self.ask()

class Own(User):
    fixed_count = 1
    @task
    def t(self):
        gevent.event.Event().wait()
"""
    )
    silent = str(serve(silent=True).base_url)
    rows = one.play(1, silent, times=[0.0] * 6, users=6, patience=0.5)
    expected = {"POST /a?x=1", "GET named", "GET group", "PUT /d", "POST /predict", "(other)"}
    assert one.names(rows) == dict.fromkeys(expected, 1)
    (failures,) = (line["kinds"] for line in one.events if line["event"] == "failures")
    told = {name: reason for name, _, reason, _ in failures}
    assert told["PUT /d"] == "no answer 0.5 s after the last start"
    assert told["(no answer)"].endswith("; which request that was is not known")


def test_a_gate_user_meets_a_refusal_as_a_failed_request_and_goes_on(
    locust: Callable[..., Locust], serve: Callable[..., Any]
) -> None:
    gone = serve()
    gone.process.kill()
    gone.process.wait()
    one = locust(
        "from harness.load import GateUser\nclass U(GateUser):\n    @task\n    def t(self):\n"
        "        self.client.post('/predict', json={})\n"
    )
    rows = one.play(1, gone.base_url, times=_times(10))
    assert _tickets(rows) == 10
    assert (layout.why(rows["flags"]) == layout.REFUSED).all()
    assert rows["flags"][0] & layout.CONNECTED


def test_an_error_of_ours_in_the_event_loop_is_told_and_not_taken_for_a_silent_endpoint(
    locust: Callable[..., Locust], quick: str
) -> None:
    one = locust(
        "from harness.load import GateUser\nfrom harness.load.locustside import wire\n"
        "wire.Wire._feed = wire.Wire._take = None\nclass U(GateUser):\n    @task\n"
        "    def t(self):\n        self.ask()\n"
    )
    one.begin(1, quick, times=[0.0])
    said = one.until("end")
    assert said["event"] == "error"
    assert "TypeError: 'NoneType' object is not callable; please report" in said["message"]
    assert one.process.wait(10) == layout.EXIT_REFUSED


def test_a_full_disk_ends_the_process_with_a_code_of_its_own(
    tmp_path: Path, locust: Callable[..., Locust], quick: str
) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    (tmp_path / layout.RECORDS).symlink_to("/dev/full")
    one = locust()
    one.begin(1, quick, times=_times(50))
    assert one.process.wait(20) == layout.EXIT_DISK
    assert "No space left on device" in process.said(tmp_path)


def test_where_the_gate_has_gone_the_process_goes(locust: Callable[..., Locust]) -> None:
    one = locust()
    one.until("ready")
    spare = os.open(os.devnull, os.O_RDONLY)
    os.dup2(spare, one.control)  # closes the pipe, and leaves a number to be closed again
    os.close(spare)
    try:
        assert one.process.wait(10) == layout.EXIT_ALONE
    except subprocess.TimeoutExpired:
        pytest.fail("it went on")
