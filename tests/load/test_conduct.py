"""Load runs against servers of known behaviour, with Locust as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.config import Gate
from harness.limits import Limit
from harness.load import LoadError, Traffic, run

pytestmark = pytest.mark.alone

_SHORT = {"rate": "200 /s", "duration": "1.5 s", "warmup": "0.2 s"}
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


@pytest.fixture
def shoot(
    serve: Callable[..., Any], gate: Callable[..., Gate], promise: Callable[..., Any]
) -> Callable[..., Traffic]:
    """One load run against a server of given behaviour."""

    def make(
        server: dict[str, Any],
        limits: dict[str, str] | None = None,
        contract: Any = None,
        **load: Any,
    ) -> Traffic:
        parsed = {name: Limit.parse(text) for name, text in (limits or {}).items()}
        return run(gate(**load), serve(**server), contract or promise(), parsed)

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
    assert np.all(traffic.window.lateness > 0)


def test_a_server_that_freezes_cannot_hide_it_from_the_plan(
    shoot: Callable[..., Traffic],
) -> None:
    """0.4 s in every second, two users: of the requests sent, hardly one sees it; truth 396 ms."""
    traffic = shoot(
        {"delay": 0.001, "freeze": [1.0, 0.4]},
        rate="400 /s",
        duration="3 s",
        warmup="0.3 s",
        users=2,
    )
    sent = traffic.service_ms(0.99)
    assert sent is not None
    assert sent < 100.0
    assert _value(traffic, "latency_p99") == pytest.approx(396.0, rel=0.15)


def test_a_clear_case_ends_early(shoot: Callable[..., Traffic]) -> None:
    traffic = shoot(
        {"delay": 0.001},
        {"latency_p99": "<= 2 s", "error_rate": "<= 2 %", "throughput_share": ">= 80 %"},
        rate="250 /s",
        duration="60 s",
        warmup="0.1 s",
    )
    assert traffic.ended_early
    assert traffic.confidence > 0.95
    assert traffic.window.seconds < 20


def test_refusals_are_errors_and_infinitely_slow(shoot: Callable[..., Traffic]) -> None:
    traffic = shoot({"status": 503}, rate="100 /s", duration="1 s", warmup="0.1 s")
    assert _value(traffic, "error_rate") == 100.0
    assert traffic.failed == traffic.n
    assert [(item.name, item.status) for item in traffic.failures] == [("POST /predict", 503)]


def test_fast_and_wrong_is_wrong(
    shoot: Callable[..., Traffic], promise: Callable[..., Any]
) -> None:
    traffic = shoot(
        {"body": '{"positive": "no"}'},
        contract=promise(wanted=b"true"),
        rate="100 /s",
        duration="1 s",
        warmup="0.1 s",
    )
    assert _value(traffic, "error_rate") == 100.0
    assert "response-schema" in traffic.failures[0].reason


def test_a_server_that_never_answers_is_an_outcome_and_not_a_hang(
    shoot: Callable[..., Traffic],
) -> None:
    traffic = shoot({"silent": True}, rate="100 /s", duration="1 s", warmup="0.1 s", users=4)
    assert traffic.failed == traffic.n
    assert any("never sent" in note for note in traffic.notes)


def test_what_a_server_cannot_keep_up_with_is_seen(shoot: Callable[..., Traffic]) -> None:
    """One request at a time, 50 a second, offered 200."""
    traffic = shoot({"delay": 0.02, "single": True}, **_SHORT)
    assert _value(traffic, "throughput_share") == pytest.approx(25.0, abs=5.0)
    assert _value(traffic, "latency_p50") > 500.0


def test_nobody_listening_is_an_outcome(
    gate: Callable[..., Gate], serve: Callable[..., Any], promise: Callable[..., Any]
) -> None:
    gone = serve()
    gone.process.kill()
    gone.process.wait()
    load = gate(rate="100 /s", duration="1 s", warmup="0.1 s")
    traffic = run(load, gone, promise(), {})
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
        {"status": 500}, locustfile=source, rate="100 /s", duration="1 s", warmup="0.1 s"
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
