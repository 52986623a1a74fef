"""A lane runs a model in order, tells its errors, and ends with it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from harness.accuracy.frames import Array
from harness.accuracy.lanes import Lane
from harness.accuracy.predictions import Answers


class _Model:
    """Answers the rows themselves; one event stands for everything that takes long."""

    name, problem, runtime, seconds = "m", "", "test", 0.0

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.closed = False
        self.aborted = threading.Event()

    def start(self) -> None:
        """Fail where the test says so."""
        if self.fault == "start":
            raise OSError("no such model")

    def predict(self, rows: Array) -> Answers:
        """Wait for the abort where the test says so."""
        if self.fault == "hang":
            assert self.aborted.wait(30)
        return Answers(rows, np.zeros(len(rows), bool))

    def abort(self) -> None:
        """End the wait."""
        self.aborted.set()

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def test_answers_come_in_order() -> None:
    model = _Model()
    with Lane(model) as lane:
        futures = [lane.predict(np.eye(4)[[i]]) for i in range(4)]
        assert [int(future.result(30).classes[0]) for future in futures] == [0, 1, 2, 3]
    assert model.closed and not model.aborted.is_set()


def test_a_failed_start_is_told() -> None:
    with Lane(_Model("start")) as lane, pytest.raises(OSError, match="no such model"):
        lane.started.result(30)


def test_an_error_elsewhere_does_not_wait_for_a_model_that_hangs() -> None:
    model = _Model("hang")
    with pytest.raises(KeyError), Lane(model) as lane:
        lane.predict(np.eye(2))
        raise KeyError
    assert model.closed and model.aborted.is_set()
