"""The floor: a server that does nothing, asked by the same client on the same way."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.config import Gate, load
from harness.load import LoadError, Phase
from harness.load.driving.record import ROW
from harness.load.locustside import layout
from harness.load.trust import floor


class _Client:
    """Stands for the driver: three requests by hand, the rest of the rows made up."""

    def __init__(self, status: int = 200) -> None:
        self.bodies: list[bytes] = []
        self._status = status

    def open(self, schedule: Any, *, target: str, spun: bool) -> Phase:
        for _ in range(3):
            request = urllib.request.Request(f"{target}/predict", data=b"x" * 100)
            with urllib.request.urlopen(request, timeout=5) as answer:
                self.bodies.append(answer.read())
        rows = np.zeros(len(schedule), dtype=ROW)
        rows["service"], rows["status"], rows["flags"] = 0.0002, self._status, layout.TICKET
        return Phase(1, "open", target, rows, 0.0, 1.0, schedule=schedule)


def _gate(folder: Path, candidate: str) -> Gate:
    path = folder / "gate.toml"
    path.write_text(
        f'version = 1\n[candidate]\nname = "c"\n{candidate}\n[contract]\npath = "/predict"\n'
    )
    return load(path)


def _measured(client: Any, gate: Gate) -> Any:
    with floor.server(gate) as url:
        return floor.measure(client, url)


def test_only_a_tight_limit_asks_for_it() -> None:
    assert [floor.matters(limit) for limit in (None, 0.25, 0.02)] == [False, False, True]


def test_the_server_answers_and_its_times_are_told(tmp_path: Path) -> None:
    client: Any = _Client()
    found = _measured(client, _gate(tmp_path, 'command = ["python", "app.py"]'))
    assert client.bodies == [b"{}"] * 3
    assert float(np.median(found)) == pytest.approx(0.0002)


@pytest.mark.skipif(shutil.which("docker-proxy") is None, reason="no docker-proxy here")
def test_before_a_container_stands_the_engines_forwarder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []
    forwarded = floor._forwarded

    def noted(proxy: str, behind: int) -> AbstractContextManager[int]:
        used.append(proxy)
        return forwarded(proxy, behind)

    monkeypatch.setattr(floor, "_forwarded", noted)
    client: Any = _Client()
    _measured(client, _gate(tmp_path, 'image = "c:1"'))
    assert client.bodies == [b"{}"] * 3
    assert len(used) == 1


def test_a_floor_without_answers_is_an_error(tmp_path: Path) -> None:
    client: Any = _Client(status=0)
    with pytest.raises(LoadError, match="the floor could not be measured: 0 of"):
        _measured(client, _gate(tmp_path, 'command = ["python", "app.py"]'))


def test_a_forwarder_that_does_not_start_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floor, "_UP_WITHIN", 0.05)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/false")
    client: Any = _Client()
    with pytest.raises(LoadError, match="docker-proxy did not listen within 0.05 s"):
        _measured(client, _gate(tmp_path, 'image = "c:1"'))


def test_a_server_that_does_not_start_refuses_instead_of_keeping_anybody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floor, "_SERVER", "pass")
    with floor.server(_gate(tmp_path, 'command = ["python", "app.py"]')) as url:
        with pytest.raises(OSError):
            urllib.request.urlopen(url, timeout=5)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    import psutil

    before = psutil.Process().children(recursive=True)  # of fixtures of other tests
    client: Any = _Client()
    _measured(client, _gate(tmp_path, 'image = "c:1"'))
    time.sleep(0.05)
    assert set(psutil.Process().children(recursive=True)) <= set(before)


@pytest.mark.skipif(shutil.which("docker-proxy") is None, reason="no docker-proxy here")
def test_a_killed_gate_leaves_no_forwarder_behind() -> None:
    code = (
        "import shutil, time; from harness.load.trust import floor\n"
        "with floor._forwarded(shutil.which('docker-proxy'), 9) as port:\n"
        "    print(port, flush=True)\n"
        "    time.sleep(60)\n"
    )
    root = Path(floor.__file__).resolve().parents[3]
    gate = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=root)
    assert gate.stdout is not None
    address = ("127.0.0.1", int(gate.stdout.readline()))
    socket.create_connection(address, 1.0).close()
    gate.kill()
    gate.wait()
    gate.stdout.close()
    deadline = time.monotonic() + 10
    with pytest.raises(ConnectionRefusedError):
        while time.monotonic() < deadline:
            socket.create_connection(address, 1.0).close()
            time.sleep(0.05)
