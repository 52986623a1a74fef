"""Locustfiles that do not work: each is an error with its cause, none a failed candidate."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.config import Gate
from harness.load import LoadError, run
from harness.load.driving import generator

pytestmark = pytest.mark.alone

_HEAD = "from locust import FastHttpUser, TaskSet, task\n"


def _user(body: str) -> str:
    return _HEAD + "class U(FastHttpUser):\n    @task\n    def t(self):\n        " + body + "\n"


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("class X(:\n", r"SyntaxError: invalid syntax at File .*locustfile\.py\", line 1"),
        ("import not_there\n", "ModuleNotFoundError: No module named 'not_there'"),
        ("x = 1\n", "No User class found"),
        (_HEAD + "class U(FastHttpUser):\n    pass\n", "No tasks defined on U"),
        (_user("raise ValueError('boom')"), r"a task raised ValueError: boom at .*:5"),
        (_user("pass"), "none of .* started tasks sent a request"),
        (_user("self.environment.runner.quit()"), "Locust ended in the middle of its run"),
        (_user("import os; os.kill(os.getpid(), 9)"), "signal 9"),
        (_user("self.client.get('http://192.0.2.1:9/')"), r"it asked 192\.0\.2\.1"),
        (
            _HEAD
            + "class T(TaskSet):\n    def wait(self): pass\n"
            + "class U(FastHttpUser):\n    tasks = [T]\n",
            r"T defines wait\(\) itself",
        ),
        (
            _HEAD + "class U(FastHttpUser):\n    def __init__(self, *a):\n"
            "        raise KeyError('k')\n    @task\n    def t(self): pass\n",
            "a user could not be made: KeyError: 'k'",
        ),
    ],
)
def test_a_broken_locustfile_is_an_error_with_its_cause(
    source: str,
    cause: str,
    gate: Callable[..., Gate],
    serve: Callable[..., Any],
    promise: Callable[..., Any],
) -> None:
    made = gate(
        locustfile=source,
        rate="100 /s",
        duration="0.5 s",
        warmup="0.1 s",
        users=2,
    )
    with pytest.raises(LoadError, match=cause):
        run(made, serve(), promise(), {})


def test_a_task_that_never_yields_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
    gate: Callable[..., Gate],
    serve: Callable[..., Any],
    promise: Callable[..., Any],
) -> None:
    monkeypatch.setattr(generator, "_SILENT_FOR", 1.5)
    made = gate(locustfile=_user("while True: pass"), rate="100 /s", duration="5 s", users=2)
    with pytest.raises(LoadError, match=r"has not moved for 1\.5 s: a task that never yields"):
        run(made, serve(), promise(), {})


def test_what_the_user_set_for_his_own_locust_does_not_reach_ours(
    monkeypatch: pytest.MonkeyPatch,
    gate: Callable[..., Gate],
    serve: Callable[..., Any],
    promise: Callable[..., Any],
) -> None:
    monkeypatch.setenv("LOCUST_RUN_TIME", "1s")
    monkeypatch.setenv("LOCUST_MODE_WORKER", "true")
    made = gate(rate="100 /s", duration="1.5 s", warmup="0.1 s", users=4)
    assert run(made, serve(), promise(), {}).failed == 0


@pytest.mark.parametrize("endless", [False, True], ids=["waiting", "in-an-endless-loop"])
def test_a_killed_gate_leaves_no_locust_behind(tmp_path: Path, endless: bool) -> None:
    busy = tmp_path / "busy"
    locustfile = tmp_path / "locustfile.py"
    locustfile.write_text(f"open({str(busy)!r}, 'w').close()\nwhile True: pass\n")
    code = (
        "import sys, time; from pathlib import Path\n"
        "from harness.load.driving.generator import Generator\n"
        f"folder = Path({str(tmp_path)!r})\n"
        f"source = folder / 'locustfile.py' if {endless} else None\n"
        "with Generator(folder, source, 1, folder) as generator:\n"
        "    print(generator._process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    root = Path(generator.__file__).resolve().parents[3]
    gate = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=root)
    assert gate.stdout is not None
    locust = psutil.Process(int(gate.stdout.readline()))
    while endless and not busy.exists():
        time.sleep(0.05)
    gate.kill()
    gate.wait()
    gate.stdout.close()
    deadline = time.monotonic() + 10
    while locust.is_running() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not locust.is_running()


def test_the_late_end_of_another_phase_ends_none(tmp_path: Path) -> None:
    made = generator.Generator(tmp_path, None, 1, tmp_path)
    told = made._phase = generator.Told(7, started=True)
    made._take({"event": "failures", "phase": 6, "kinds": [["POST /", 500, "status 500", 1]]})
    made._take({"event": "end", "phase": 6, "dealt": 3})
    assert (told.ended, told.failures) == (None, [])
    made._take({"event": "end", "phase": 7, "dealt": 5})
    assert told.ended is not None and told.dealt == 5
