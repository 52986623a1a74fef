"""Load runs against servers of known behaviour, with Locust as it is."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.config import Gate, load
from harness.contract import Contract
from harness.limits import Limit
from harness.load import Driver, LoadError, Rig, Traffic, failed_requests, run
from harness.load.driving.record import has
from harness.load.locustside import layout
from harness.load.planned import plan
from harness.load.trust import floor
from harness.model import Outcome, Severity
from harness.testing import Reply
from harness.testing import serve as answers

pytestmark = pytest.mark.alone

_ANSWERING = """
version = 1
[candidate]
name = "c"
url = "http://127.0.0.1:1"
[contract]
path = "/predict"
examples = "e.jsonl"
[load]
rate = "200 /s"
duration = "1.6 s"
warmup = "0.6 s"
"""

_SHORT = {"rate": "200 /s", "duration": "0.8 s", "warmup": "0.2 s"}
_LOCUSTFILE = """
from locust import FastHttpUser, HttpUser, TaskSet, between, task

class Fast(FastHttpUser):
    wait_time = between(1, 5)

    @task
    def one(self):
        self.client.post("/predict", json={"text": "a"})

class Nested(HttpUser):
    wait_time = between(1, 5)

    @task
    class Steps(TaskSet):
        wait_time = between(2, 3)

        @task
        def two(self):
            with self.client.post("/predict", json={}, catch_response=True) as answer:
                answer.json()
            self.client.get("/second", name="second")
"""


@pytest.fixture(scope="module")
def driver(
    gate: Callable[..., Gate], serve: Callable[..., Any], promise: Callable[..., Any]
) -> Iterator[Driver]:
    """One Locust for all runs of this file that bring no locustfile of their own."""
    with Rig(gate(rate="10 /s"), serve(), promise(), {}) as rig:
        yield rig.driver


@pytest.fixture
def shoot(
    driver: Driver,
    serve: Callable[..., Any],
    gate: Callable[..., Gate],
    promise: Callable[..., Any],
) -> Callable[..., Traffic]:
    """One load run against a server of given behaviour."""

    def make(server: dict[str, Any], **keys: Any) -> Traffic:
        made, endpoint = gate(**keys), serve(**server)
        if "locustfile" in keys:
            return run(made, endpoint, promise(), {})
        driver.target = endpoint.base_url
        assert made.load is not None
        rig: Any = SimpleNamespace(
            plan=plan.make(made.load, {}, 0.95), driver=driver, notes=(), null=None
        )
        return run(made, endpoint, promise(), {}, rig)

    return make


def _value(traffic: Traffic, name: str) -> float:
    found = traffic.measure(name)
    assert found is not None
    return found.value


def test_a_fast_server_is_asked_at_the_planned_rate(shoot: Callable[..., Traffic]) -> None:
    traffic = shoot({"delay": 0.002}, **_SHORT)
    assert traffic.failed == 0
    assert _value(traffic, "error_rate") == 0.0
    assert _value(traffic, "throughput_share") > 98.0
    assert 2.0 <= _value(traffic, "latency_p50") < 50.0
    assert traffic.client_cpu is not None
    assert traffic.warmup.n > 20
    assert traffic.window.seconds == pytest.approx(0.8, abs=0.1)
    assert np.all(traffic.window.lateness > 0)


def test_a_server_that_freezes_cannot_hide_it_from_the_plan(
    shoot: Callable[..., Traffic],
) -> None:
    """0.4 s in every second, two users: of the requests sent, hardly one sees it; truth 396 ms."""
    traffic = shoot(
        {"delay": 0.001, "freeze": [1.0, 0.4]},
        rate="400 /s",
        duration="2 s",
        warmup="0.3 s",
        users=2,
    )
    assert _value(traffic, "service_p99") < 100.0
    assert _value(traffic, "latency_p99") == pytest.approx(396.0, rel=0.15)


def test_refusals_are_errors_and_infinitely_slow(shoot: Callable[..., Traffic]) -> None:
    traffic = shoot({"status": 503}, rate="100 /s", duration="0.4 s", warmup="0.1 s")
    assert _value(traffic, "error_rate") == 100.0
    assert traffic.failed == traffic.n
    assert [(item.name, item.status) for item in traffic.failures] == [("POST /predict", 503)]


def test_a_server_that_never_answers_is_an_outcome_and_not_a_hang(
    shoot: Callable[..., Traffic],
) -> None:
    traffic = shoot({"silent": True}, rate="100 /s", duration="0.3 s", warmup="0.1 s", users=4)
    assert traffic.failed == traffic.n
    assert any("never sent" in note for note in traffic.notes)


def test_what_a_server_cannot_keep_up_with_is_seen(shoot: Callable[..., Traffic]) -> None:
    """One request at a time, 50 a second, offered 200."""
    traffic = shoot({"delay": 0.02, "single": True}, **_SHORT)
    assert _value(traffic, "throughput_share") == pytest.approx(25.0, abs=8.0)
    assert _value(traffic, "latency_p50") > 250.0


def test_nobody_listening_is_an_outcome(
    gate: Callable[..., Gate], serve: Callable[..., Any], promise: Callable[..., Any]
) -> None:
    gone = serve()
    gone.process.kill()
    gone.process.wait()
    made = gate(rate="100 /s", duration="0.4 s", warmup="0.1 s")
    traffic = run(made, gone, promise(), {})
    assert traffic.failed == traffic.n
    assert "Connection refused" in traffic.failures[0].reason
    assert traffic.died == "the candidate ended under the load with exit code -9"


def test_a_locustfile_runs_as_it_is_on_the_planned_starts(
    shoot: Callable[..., Traffic],
) -> None:
    """Two classes, a nested task set, waiting times of seconds: all replaced by the plan."""
    traffic = shoot({"delay": 0.001}, locustfile=_LOCUSTFILE, **_SHORT)
    assert traffic.n == len(traffic.window.planned)
    assert traffic.failed == 0
    assert len(traffic.window.errors) > traffic.n  # the second requests of Nested
    assert _value(traffic, "throughput_share") > 95.0


def test_a_locustfile_whose_requests_fail_is_no_broken_locustfile(
    shoot: Callable[..., Traffic],
) -> None:
    """The exception after a 500 is a consequence: what is judged is the 500."""
    source = """
from locust import FastHttpUser, task

class Strict(FastHttpUser):
    @task
    def ask(self):
        self.client.post("/predict").raise_for_status()
"""
    traffic = shoot(
        {"status": 500}, locustfile=source, rate="100 /s", duration="0.4 s", warmup="0.1 s"
    )
    assert _value(traffic, "error_rate") == 100.0


def test_a_gate_without_load_is_an_error(
    gate: Callable[..., Gate], serve: Callable[..., Any], promise: Callable[..., Any]
) -> None:
    made = gate(rate="10 /s")
    bare = type(made)(
        made.path, made.file.model_copy(update={"load": None}), made.policy, made.digest
    )
    with pytest.raises(LoadError, match=r"no \[load\]"):
        run(bare, serve(), promise(), {})


def test_recorded_traffic_is_sent_with_its_own_requests_and_timing(
    gate: Callable[..., Gate],
    serve: Callable[..., Any],
    promise: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Twice as fast as recorded; of the answers, those to the contract's path are held to it."""
    paths = ["/predict", "/health", "/predict", "/other"] * 10
    lines = [{"at": 7 + i / 20, "method": "POST", "path": p} for i, p in enumerate(paths)]
    trace = tmp_path / "trace.jsonl"
    trace.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    made = gate(trace=str(trace), speed=2, warmup="0.1 s")
    traffic = run(made, serve(), promise(wanted=b"never"), {})
    phase = traffic.phase
    assert phase is not None
    rows = np.sort(phase.tickets, order="planned")
    assert [phase.names[int(name)] for name in rows["name"]] == [f"POST {path}" for path in paths]
    assert rows["planned"] - phase.origin == pytest.approx(np.arange(40) / 40, abs=1e-5)
    assert has(rows, layout.FAILED).tolist() == [path == "/predict" for path in paths]


def test_a_floor_that_cannot_be_measured_leaves_the_run_as_it_is(
    gate: Callable[..., Gate],
    serve: Callable[..., Any],
    promise: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(floor, "_SERVER", "pass")
    limits = {"latency_p50": Limit.parse("<= 40 ms")}
    traffic = run(gate(**_SHORT), serve(), promise(), limits)
    assert (traffic.failed, traffic.floor) == (0, None)
    assert traffic.floor_problem.startswith("the floor could not be measured: 0 of ")


def test_recorded_refusals_that_come_again_are_right(
    gate: Callable[..., Gate],
    serve: Callable[..., Any],
    promise: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """404 to all: half of the requests were recorded with it, half with 200."""
    lines = [{"at": i / 50, "path": "/gone", "status": (404, 200)[i % 2]} for i in range(40)]
    trace = tmp_path / "trace.jsonl"
    trace.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    made = gate(trace=str(trace), speed=2, warmup="0.1 s")
    traffic = run(made, serve(status=404, body="<p>no"), promise(wanted=b"never"), {})
    assert traffic.phase is not None
    rows = np.sort(traffic.phase.tickets, order="planned")
    assert has(rows, layout.FAILED).tolist() == [False, True] * 20
    assert traffic.failures[0].reason == "status 404, expected 200"
    assert traffic.traced


def test_a_constant_answer_above_a_rate_is_an_error_of_the_family(
    tmp_path: Path,
) -> None:
    """Every answer keeps the schema, and comes the faster for being wrong."""
    texts = [f"number {i}" for i in range(40)]
    examples = "\n".join(json.dumps({"request": {"text": text}}) for text in texts)
    (tmp_path / "e.jsonl").write_text(examples, encoding="utf-8")
    (tmp_path / "gate.toml").write_text(_ANSWERING, encoding="utf-8")
    made = load(tmp_path / "gate.toml")
    recent: deque[float] = deque(maxlen=100)

    def answer(method: str, path: str, body: bytes) -> Reply:
        recent.append(time.monotonic())
        full = len(recent) == 100 and recent[-1] - recent[0] < 1.0
        score = 0.5 if full else len(json.loads(body)["text"]) + sum(body) / 1e4
        return Reply(json.dumps({"score": score}).encode())

    with answers(answer) as endpoint:
        traffic = run(made, endpoint, Contract.load(made), {})
    stray = failed_requests(traffic, {Outcome.PASSED})[0]
    assert (stray.rule, stray.severity) == ("other-answer", Severity.ERROR)
    assert stray.received == "0.5"
    assert 5 < _value(traffic, "error_rate") <= 100
