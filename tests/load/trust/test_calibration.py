"""What the machine says of itself during a phase, read from a made-up /proc."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.load.trust import calibration
from harness.load.trust.calibration import Gauge, Pressure, Speed


class _Proc:
    """Two cores at 100 ticks a second, and a clock that the test moves."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._now = 0.0
        monkeypatch.setattr("harness.load.trust.calibration.time.monotonic", lambda: self._now)
        monkeypatch.setattr(calibration, "_hertz", lambda: 100)

    def write(self, at: float, user: float, idle: float, steal: float, waited: float) -> None:
        self._now = at
        fields = (user, 0, 0, idle, 0, 0, 0, steal)
        ticks = " ".join(str(int(100 * value)) for value in fields)
        (self.folder / "stat").write_text(f"cpu  {ticks} 0 0\ncpu0 1 2\n")
        (self.folder / "pressure").mkdir(exist_ok=True)
        text = f"some avg10=0.00 avg60=0.00 avg300=0.00 total={int(1e6 * waited)}\nfull total=0\n"
        (self.folder / "pressure" / "cpu").write_text(text)


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Proc:
    return _Proc(tmp_path, monkeypatch)


def test_steal_waiting_and_foreign_work_are_shares_of_the_time_between(proc: _Proc) -> None:
    used = iter([1.0, 4.0])  # 3 s of ours
    proc.write(at=0.0, user=100, idle=100, steal=0, waited=50)
    gauge = Gauge(lambda: next(used), proc.folder)
    proc.write(at=10.0, user=112, idle=106, steal=2, waited=54)
    found = gauge.read()
    assert found.steal == pytest.approx(2 / 20)
    assert found.waiting == pytest.approx(0.4)
    assert found.foreign == pytest.approx(0.9)  # 12 s busy on two cores in 10 s, 3 s of them ours


def test_what_this_system_does_not_tell_is_none_and_never_zero(tmp_path: Path) -> None:
    assert Gauge(lambda: 1.0, tmp_path).read() == Pressure()


def test_without_pressure_and_own_use_only_steal_is_told(proc: _Proc) -> None:
    proc.write(at=0.0, user=0, idle=0, steal=0, waited=0)
    (proc.folder / "pressure" / "cpu").unlink()
    gauge = Gauge(lambda: None, proc.folder)
    proc.write(at=1.0, user=1, idle=1, steal=0, waited=0)
    (proc.folder / "pressure" / "cpu").unlink()
    assert gauge.read() == Pressure(steal=0.0)


def test_the_processor_time_of_forwarders_is_summed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "_hertz", lambda: 100)
    for pid, name, ticks in (("7", "docker-proxy", 50), ("8", "python", 900)):
        folder = tmp_path / pid
        folder.mkdir()
        (folder / "comm").write_text(f"{name}\n")
        zeros = " ".join("0" * 10)
        (folder / "stat").write_text(f"{pid} (a ) b) S {zeros} {ticks} {ticks} 0 0\n")
    assert calibration.proxies(tmp_path) == pytest.approx(1.0)
    assert calibration.process_seconds(tmp_path / "9") is None


def test_the_spin_is_the_same_work_each_time() -> None:
    assert 0 < Speed().spin() < 1


@pytest.fixture
def spins(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """spins(...): the seconds of the next calculations, the last one for ever."""
    monkeypatch.setattr(calibration, "_PAUSE", 0.001)

    def take(*seconds: float) -> None:
        left = itertools.chain(seconds, itertools.repeat(seconds[-1]))
        monkeypatch.setattr(calibration, "_once", lambda: next(left))

    return take


def test_a_short_burst_of_others_work_is_waited_for(spins: Callable[..., None]) -> None:
    speed = Speed()
    spins(0.002, 0.002, 0.002, 0.003, 0.003, 0.003, 0.0031, 0.002)
    assert [speed.spin(), speed.spin()] == [0.002, 0.002]


def test_without_patience_the_machine_is_told_as_it_is_now(spins: Callable[..., None]) -> None:
    speed = Speed()
    spins(0.002, 0.002, 0.002, 0.003)
    assert [speed.spin(), speed.spin(0.0)] == [0.002, 0.003]


def test_a_machine_that_stays_slow_is_told_so_and_not_waited_for_again(
    spins: Callable[..., None],
) -> None:
    speed = Speed()
    spins(0.002, 0.002, 0.002, 0.003)
    assert [speed.spin(0.02), speed.spin(0.02)] == [0.002, 0.003]
    begun = time.monotonic()
    assert speed.spin(60.0) == 0.003
    assert time.monotonic() - begun < 30
