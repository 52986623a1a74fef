"""Nothing is left behind, and nothing is taken from a gate that lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.runtime import clean, interrupt_on_sigterm, watchdog
from harness.runtime.engine import address
from harness.runtime.reaper import Reaper, gate_is_alive, host_mark

# A gate as far as its watchdog can tell: starts a candidate, says so, and hangs.
GATE = """
import sys, time
from harness.config import load
from harness.runtime import open_runtime, wait_ready
runtime = open_runtime(load(sys.argv[1]))
endpoint = runtime.start()
wait_ready(endpoint, "/", 20, lambda url: "")
found = getattr(endpoint, "container", "") or endpoint._process.pid
reaper = runtime._late.get().reaper if runtime.name == "docker" else runtime._reaper
print(found, reaper.run, reaper._process.pid, flush=True)
time.sleep(600)
"""
ROOT = Path(__file__).resolve().parents[2]


def labels(**changed: str) -> dict[str, str]:
    """The labels of this very process, as a gate."""
    own = {
        "releasegate.run": "0",
        "releasegate.pid": str(os.getpid()),
        "releasegate.started": watchdog.start_mark(os.getpid()),
        "releasegate.host": host_mark(),
        "releasegate.created": str(int(time.time())),
    }
    return own | {f"releasegate.{key}": value for key, value in changed.items()}


def test_a_gate_that_runs_is_alive() -> None:
    assert gate_is_alive(labels())


def test_a_number_that_was_given_to_another_process_is_not_the_gate() -> None:
    assert not gate_is_alive(labels(started="1"))


def test_a_process_that_has_ended_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not gate_is_alive(labels(pid=str(child.pid)))


def test_a_gate_on_another_machine_counts_as_alive() -> None:
    assert gate_is_alive(labels(host="elsewhere/boot/pid:[1]", pid="999999999"))


def test_a_gate_in_another_pid_namespace_counts_as_alive() -> None:
    node, boot, _ = host_mark().split("/")
    assert gate_is_alive(labels(host=f"{node}/{boot}/pid:[1]", pid="999999999"))


def test_no_gate_outlives_a_restart_of_its_machine() -> None:
    node, _, space = host_mark().split("/")
    assert not gate_is_alive(labels(host=f"{node}/another-boot/{space}"))


def test_no_gate_runs_for_a_day() -> None:
    assert not gate_is_alive(labels(created=str(int(time.time()) - 25 * 3600), host="elsewhere//"))


def test_labels_that_cannot_be_read_count_as_alive() -> None:
    assert gate_is_alive(labels(pid="many", created="long ago"))


def test_closing_lets_the_watchdog_go() -> None:
    reaper = Reaper()
    watching = reaper._process
    reaper.close()
    reaper.close()
    assert watching.returncode == 0


def test_sigterm_unwinds_like_ctrl_c() -> None:
    undo = interrupt_on_sigterm()
    try:
        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        undo()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def start_gate(tmp_path: Path, candidate: str) -> tuple[subprocess.Popen[str], list[str]]:
    """A gate-like process in `tmp_path`, and the words that it says once its candidate is ready."""
    (tmp_path / "gate.toml").write_text(
        'version = 1\n[contract]\npath = "/predict"\n[candidate]\nname = "tried"\n' + candidate,
        encoding="utf-8",
    )
    gate = subprocess.Popen(
        [sys.executable, "-c", GATE, str(tmp_path / "gate.toml")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    assert gate.stdout is not None
    return gate, gate.stdout.readline().split()


def ended_within(pid: int, seconds: float) -> bool:
    """Whether the process is gone, or a zombie, in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            return True
        if state[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_killed_gate_leaves_no_process(tmp_path: Path) -> None:
    script = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={port})"
    gate, (candidate, _, watching) = start_gate(
        tmp_path, f"command = ['{sys.executable}', '-c', '{script}']\n"
    )
    gate.kill()
    gate.wait()
    assert ended_within(int(candidate), 10)
    assert ended_within(int(watching), 10)
    assert gate.stdout is not None
    gate.stdout.close()


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
class TestWithAnEngine:
    """Against the real engine."""

    def test_a_killed_gate_leaves_no_container_and_no_network(self, tmp_path: Path) -> None:
        gate, (_, run, _) = start_gate(tmp_path, built(tmp_path))
        assert [t.kind for t in left(run)] == ["containers", "networks"]
        gate.kill()
        killed = time.monotonic()
        gate.wait()
        while left(run):
            assert time.monotonic() < killed + 10
            time.sleep(0.1)
        assert gate.stdout is not None
        gate.stdout.close()

    def test_clean_takes_what_is_left_and_leaves_what_lives(self, tmp_path: Path) -> None:
        (tmp_path / "dead").mkdir()
        (tmp_path / "live").mkdir()
        dead, (_, dead_run, watching) = start_gate(tmp_path / "dead", built(tmp_path / "dead"))
        live, (_, live_run, _) = start_gate(tmp_path / "live", built(tmp_path / "live"))
        os.kill(int(watching), signal.SIGKILL)
        dead.kill()
        dead.wait()
        removed = clean()
        assert sorted(line.split()[0] for line in removed if dead_run in line) == [
            "container",
            "network",
        ]
        assert not left(dead_run)
        assert len(left(live_run)) == 2
        live.kill()
        live.wait()
        for gate in (dead, live):
            assert gate.stdout is not None
            gate.stdout.close()


def built(folder: Path) -> str:
    """A candidate that serves, to be built in `folder`."""
    (folder / "Dockerfile").write_text(
        'FROM releasegate-base:bookworm\nCMD ["python3", "-m", "http.server", "8080"]\n',
        encoding="utf-8",
    )
    return "build = {}\n"


def left(run: str) -> list[watchdog.Thing]:
    """What the engine still has of a run."""
    return watchdog.labelled(address(), f"{watchdog.RUN_LABEL}={run}")
