"""Whole gates on real candidates, run as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.runtime.watchdog import RUN_LABEL

pytestmark = pytest.mark.alone

ROOT = Path(__file__).resolve().parent.parent
SENTIMENT = ROOT / "examples" / "sentiment"
PYTHON = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def start(*words: str, **environment: str) -> subprocess.Popen[str]:
    """Start a command of this interpreter, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env={**os.environ, **PYTHON, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A shell that runs this suite in the background has told its children to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and output, once it has ended."""
    output, _ = process.communicate(timeout=180)
    return process.returncode, output


def report(folder: Path) -> dict[str, Any]:
    """The report in a folder."""
    document: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return document


def timeless(document: dict[str, Any]) -> dict[str, Any]:
    """What two runs of one gate have in common: everything but times and measured values."""
    kept = {
        k: document[k] for k in ("schema_version", "verdict", "subject", "policy", "gate", "tool")
    }
    checks = {
        check["id"]: (
            check["version"],
            check["title"],
            check["outcome"],
            check["required"],
            check["declared"],
            [
                (row["name"], row["unit"], row["limit"], row["outcome"])
                for row in check["measurements"]
            ],
        )
        for check in document["checks"]
    }
    return {**kept, "checks": checks, "environment": sorted(document["environment"])}


def left_behind() -> list[str]:
    """Containers and networks that carry the label of a run of ours."""
    found = []
    for kind in (["ps", "--all"], ["network", "ls"]):
        command = ["docker", *kind, "--quiet", "--filter", f"label={RUN_LABEL}"]
        found += subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return found


def wait_for(condition: Any, seconds: float) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.docker
@pytest.mark.slow
def test_the_command_and_plain_pytest_give_the_same_report(engine: None, tmp_path: Path) -> None:
    gate = str(SENTIMENT / "gate.toml")
    one = start("harness", "run", gate, "--report", str(tmp_path / "one"))
    assert finish(one)[0] == 0
    plain = ["pytest", "-p", "no:locust", "checks", f"--gate={gate}"]
    two = start(*plain, f"--gate-report={tmp_path / 'two'}")
    assert finish(two)[0] == 0
    assert timeless(report(tmp_path / "one")) == timeless(report(tmp_path / "two"))


@pytest.mark.docker
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_gate_that_is_killed_leaves_nothing_behind(
    engine: None, tmp_path: Path, number: signal.Signals
) -> None:
    before = set(left_behind())
    process = start("harness", "run", str(SENTIMENT / "gate.toml"), "--report", str(tmp_path))
    assert wait_for(lambda: len(set(left_behind()) - before) >= 2, 60)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert wait_for(lambda: not set(left_behind()) - before, 10)


@pytest.mark.docker
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_gate_that_is_interrupted_says_so_and_stays_shut(
    engine: None, tmp_path: Path, number: signal.Signals
) -> None:
    before = set(left_behind())
    process = start("harness", "run", str(SENTIMENT / "gate.toml"), "--report", str(tmp_path))
    assert wait_for(lambda: len(set(left_behind()) - before) >= 2, 60)
    process.send_signal(number)
    code, output = finish(process)
    assert (code, report(tmp_path)["verdict"]) == (3, "error") and "interrupted" in output


@pytest.mark.docker
def test_two_gates_at_once_do_not_disturb_each_other(engine: None, tmp_path: Path) -> None:
    words = ["harness", "run", str(SENTIMENT / "gate.toml"), "--only", "startup", "--report"]
    pair = [start(*words, str(tmp_path / name)) for name in ("one", "two")]
    for process in pair:
        finish(process)
    for name in ("one", "two"):
        checks = [check for check in report(tmp_path / name)["checks"] if applies(check, "startup")]
        assert {check["outcome"] for check in checks} == {"passed"}


def applies(check: dict[str, Any], family: str) -> bool:
    """Whether the check is of the family and has something to look at in this gate."""
    return str(check["id"]).startswith(f"{family}.") and bool(check["declared"]["applies"])


def test_without_an_engine_a_container_gate_is_an_error_that_names_the_engine(
    tmp_path: Path,
) -> None:
    words = ["harness", "run", str(SENTIMENT / "gate.toml"), "--report", str(tmp_path)]
    code, output = finish(start(*words, DOCKER_HOST="unix:///nowhere/docker.sock"))
    ready = next(c for c in report(tmp_path)["checks"] if c["id"] == "startup.ready")
    assert (code, ready["outcome"]) == (3, "errored") and "/nowhere/docker.sock" in output


@pytest.mark.slow
def test_a_process_gate_passes_and_says_that_it_was_one(tmp_path: Path) -> None:
    words = ["harness", "run", str(SENTIMENT / "gate.local.toml"), "--report", str(tmp_path)]
    code, output = finish(start(*words))
    assert code == 0, output
    assert report(tmp_path)["environment"]["runtime"] == "process"
    assert "the candidate runs as a local process: no sandbox" in output


def test_a_policy_that_requires_the_image_cannot_pass_on_a_process(tmp_path: Path) -> None:
    gate = str(SENTIMENT / "gate.local.toml")
    words = ["harness", "run", gate, "--policy", "prd", "--only", "image", "--only", "startup"]
    code, output = finish(start(*words, "--report", str(tmp_path)))
    images = [c for c in report(tmp_path)["checks"] if c["id"].startswith("image.")]
    assert code in (3, 4) and {check["outcome"] for check in images} == {"skipped"}, output


def test_a_running_service_is_tested_at_its_url(tmp_path: Path) -> None:
    from harness.testing import Reply, serve

    with serve(lambda method, path, body: Reply(b'{"positive": true}')) as endpoint:
        words = ["harness", "run", str(SENTIMENT / "gate.local.toml"), "--url", endpoint.base_url]
        finish(start(*words, "--only", "startup", "--report", str(tmp_path)))
    document = report(tmp_path)
    ready = next(c for c in document["checks"] if c["id"] == "startup.ready")
    assert (ready["outcome"], document["environment"]["runtime"]) == ("passed", "remote")


SERVER = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        if self.path == "/die":
            os._exit(7)
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1")
        self.end_headers()
        self.wfile.write(b"2")

    do_GET = do_POST

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
KILLER = '''
import urllib.request
from harness import CandidateNotReady, check

@check()
def check_survives(endpoint):
    """It survives a request."""
    try:
        urllib.request.urlopen(endpoint.base_url + "/die", data=b"1", timeout=5)
    except OSError:
        while endpoint.running():
            pass
    raise CandidateNotReady("no answer")
'''


def test_a_candidate_that_dies_under_a_check_fails_it(tmp_path: Path) -> None:
    files = {
        "app.py": SERVER,
        "check_mine.py": KILLER,
        "examples.jsonl": '{"request": 1, "response": 2}',
        "gate.toml": (
            'version = 1\ncandidate = { name = "frail", command = ["python", "app.py", "{port}"],'
            ' ready = { path = "/predict" } }\npolicy = { required = ["mine"] }\n'
            'contract = { path = "/predict", examples = "examples.jsonl" }\n'
        ),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    words = ["harness", "run", str(tmp_path / "gate.toml"), "--only", "mine", "--checks"]
    code, output = finish(start(*words, str(tmp_path / "check_mine.py"), "--report", str(tmp_path)))
    reason = "mine.survives failed: the candidate has ended since it became ready (exit code 7)"
    assert code == 1 and report(tmp_path)["reasons"] == [reason], output
