"""The order of a stop under load, with a load generator that plays its part."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.config import Gate, load
from harness.contract import Prepared
from harness.lifecycle import stop_under_load
from harness.load import LoadError
from harness.load.driving.record import ROW
from harness.load.locustside import layout
from harness.testing import FakeEndpoint, Reply, serve


@dataclass
class FakeDriver:
    """Sends nothing; its phase has one row that ended before it began to be watched."""

    rate: float = 200.0
    problem: str = ""
    answers: None = None
    asked: dict[str, Any] = field(default_factory=dict)
    watched: list[float] = field(default_factory=list)

    def open(self, schedule: Any, *, watch: Callable[[], bool], **told: Any) -> Any:
        """As the real one."""
        self.asked = {**told, "schedule": schedule}
        if self.problem:
            raise LoadError(self.problem)
        over = False
        while not over:
            time.sleep(0.01)
            over = watch()
            self.watched.append(time.monotonic())
        sent = self.watched[0]
        row = (sent, sent, 0.001, 200, 0, 0, layout.TICKET | layout.CONNECTED, 1)
        return SimpleNamespace(rows=np.array([row], dtype=ROW), excuses=lambda: ("held up",))


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate whose candidate has a short grace."""
    (tmp_path / "gate.toml").write_text(
        'version = 1\n[contract]\npath = "/predict"\n[candidate]\nname = "tried"\n'
        'command = ["true"]\ngrace = "2 s"\n',
        encoding="utf-8",
    )
    return load(tmp_path / "gate.toml")


CONTRACT: Any = SimpleNamespace(requests=lambda: (Prepared("POST", "/predict", {}, b"[1]"),))


def stopped(gate: Gate, endpoint: FakeEndpoint, driver: Any) -> Any:
    """The drain of such an endpoint."""
    return stop_under_load(gate, endpoint, CONTRACT, None, driver)


def test_the_signal_comes_after_the_traffic_has_begun_and_the_traffic_ends_after_the_end(
    gate: Gate,
) -> None:
    driver = FakeDriver()
    with serve(lambda *_: Reply(b"1")) as endpoint:
        signals: list[float] = []
        endpoint.on_stop = lambda: signals.append(time.monotonic())
        drain = stopped(gate, endpoint, driver)
    assert driver.watched[0] < signals[0] < driver.watched[-1]
    assert (drain.exit.code, drain.held, drain.lost) == (0, 2, ())
    assert [fate.kind for fate in drain.fates] == ["answered"]
    assert drain.fates[0].sent < 0
    assert (drain.first, drain.closed, drain.notice) == (None, None, None)
    assert drain.excuses == ("held up",)


def test_at_most_fifty_requests_a_second_are_sent(gate: Gate) -> None:
    fast, slow = FakeDriver(rate=200.0), FakeDriver(rate=10.0)
    for driver, rate in ((fast, 50.0), (slow, 10.0)):
        with serve(lambda *_: Reply(b"1")) as endpoint:
            assert stopped(gate, endpoint, driver).rate == rate
        times = driver.asked["schedule"]
        assert len(times) / times[-1] == pytest.approx(rate, rel=0.2)


def test_load_that_cannot_be_made_leaves_the_candidate_running(gate: Gate) -> None:
    with serve(lambda *_: Reply(b"1")) as endpoint:
        with pytest.raises(LoadError, match="no Locust"):
            stopped(gate, endpoint, FakeDriver(problem="no Locust"))
        assert endpoint.running()
