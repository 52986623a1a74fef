"""A child that dies, hangs or lies is an error with its cause, never the end of the gate."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from harness.accuracy.errors import DatasetError, ModelError, WorkerDied
from harness.accuracy.workers import Child

ROWS = {"x": np.ones((3, 2), np.float32)}
WITHIN = 60.0


def _child(task: str, how: str) -> Child:
    return Child(task, {"how": how}, about="m.onnx")


def test_fields_and_arrays_go_there_and_back(task: str) -> None:
    """What a library prints does not disturb."""
    with _child(task, "well") as child:
        child.start(WITHIN)
        reply, found = child.ask({"op": "run"}, ROWS, WITHIN)
    assert reply == {"asked": {"op": "run"}}
    assert found["y"].tolist() == [[2.0, 2.0]] * 3


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("abort", r"(?s)candidate models/x\.onnx: .*killed by SIGABRT.*said last:.*weights.cc:12"),
        ("kill", r"m\.onnx: .*killed by SIGKILL; the kernel does this when memory runs out"),
        ("exit", "ended with code 7"),
        ("lie", "answered nonsense: a header of 4294967295 bytes"),
    ],
)
def test_a_death_is_explained_and_blames_what_was_run(task: str, how: str, message: str) -> None:
    with _child(task, how) as child:
        child.start(WITHIN)
        with pytest.raises(WorkerDied, match=message):
            child.ask({}, ROWS, WITHIN)


def test_a_death_at_the_start_is_explained(task: str) -> None:
    with (
        _child(task, "crash") as child,
        pytest.raises(WorkerDied, match="killed by SIGSEGV; the file is most likely corrupt"),
    ):
        child.start(WITHIN)


def test_an_exception_at_the_start_arrives(task: str) -> None:
    with (
        _child(task, "refuse") as child,
        pytest.raises(ModelError, match=r"m\.onnx: ValueError: not a model of mine"),
    ):
        child.start(WITHIN)


def test_errors_of_models_and_of_data_arrive_as_such(task: str) -> None:
    with _child(task, "model") as child:
        child.start(WITHIN)
        with pytest.raises(ModelError, match=r"^reference models/y\.onnx: wants \(3,\)$"):
            child.ask({}, ROWS, WITHIN)
    with _child(task, "data") as child:
        child.start(WITHIN)
        with pytest.raises(DatasetError, match=r"^d\.npz: is cut short$"):
            child.ask({}, ROWS, WITHIN)


def test_100_gigabytes_are_refused_and_the_child_lives_on(task: str) -> None:
    with _child(task, "memory") as child:
        child.start(WITHIN)
        for _ in range(2):
            with pytest.raises(ModelError, match="MemoryError.*100. GiB"):
                child.ask({}, ROWS, WITHIN)


def test_a_child_that_hangs_is_stopped(task: str) -> None:
    with _child(task, "hang") as child:
        child.start(WITHIN)
        with pytest.raises(WorkerDied, match=r"no answer within 0\.3 s, so its process was stop"):
            child.ask({}, ROWS, 0.3)


def test_a_kill_from_another_thread_ends_the_wait(task: str) -> None:
    with _child(task, "hang") as child:
        child.start(WITHIN)
        timer = threading.Timer(0.2, child.kill)
        timer.start()
        with pytest.raises(WorkerDied, match="SIGKILL"):
            child.ask({}, ROWS, 600)
        timer.join()


def test_secrets_of_the_build_stay_out(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_TOKEN", "hunter2")
    with Child(task, {"how": "environment"}, about="m", environment={"EXTRA": "1"}) as child:
        child.start(WITHIN)
        names = child.ask({}, {}, WITHIN)[0]["names"]
    assert {"PATH", "EXTRA", "ORT_DISABLE_TELEMETRY"} <= set(names)
    assert "REGISTRY_TOKEN" not in names


def test_a_launcher_stands_before_the_interpreter(task: str) -> None:
    with Child(task, {"how": "well"}, about="m", launcher=["nice", "-n", "1"]) as child:
        child.start(WITHIN)
        assert child.ask({}, ROWS, WITHIN)[1]["y"].shape == (3, 2)


def test_nothing_is_left_behind(task: str) -> None:
    child = _child(task, "well")
    child.start(WITHIN)
    assert child._process is not None
    pid = child._process.pid
    child.close()
    child.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
