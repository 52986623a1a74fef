"""`gate serve` as a user starts it: it answers, ends by SIGTERM, and keeps what it acknowledged."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from harness.cli import main
from harness.ledger import open_ledger
from harness.runtime.ports import free_port

Begin = Callable[..., tuple["subprocess.Popen[str]", str]]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """`begin(*arguments)`: the process of a service in an empty folder, and its address."""
    begun: list[subprocess.Popen[str]] = []

    def started(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "harness", "serve", "--port", str(port), *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        begun.append(process)
        url = f"http://127.0.0.1:{port}"
        while process.poll() is None and not _answers(url):
            time.sleep(0.05)
        return process, url

    yield started
    for process in begun:
        with process:
            process.kill()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_several_processes_answer_on_one_port_and_end_together(begin: Begin) -> None:
    process, url = begin("--workers", "2")
    assert httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert not _answers(url)


def test_gate_publish_puts_a_report_where_controllers_find_it_until_sigterm(
    begin: Begin,
    tmp_path: Path,
    make_report: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ledger = open_ledger(str(tmp_path / "ledger.sqlite"))
    _, secret = ledger.create_token("ci", ["publish", "read"])
    ledger.close()
    process, url = begin()
    (tmp_path / "report.json").write_bytes(make_report("fail"))
    monkeypatch.setenv("RELEASEGATE_TOKEN", secret)
    assert main(["publish", str(tmp_path), "--to", url]) == 0
    assert main(["publish", str(tmp_path), "--to", url]) == 0
    first, again = capsys.readouterr().out.splitlines()
    assert "published, fail" in first and "was published already, fail" in again
    headers = {"Authorization": f"Bearer {secret}"}
    told = httpx.get(f"{url}/v1/gate/sha256:{'1' * 64}", headers=headers, trust_env=False)
    assert told.json()["verdict"] == "fail"
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0  # the ordinary end of a service
    assert output.startswith(f"serving {url} from ") and "reading needs a token" in output


def test_a_port_that_is_taken_is_an_error_and_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--ledger", str(tmp_path / "l.sqlite"), "--port", port]) == 3
    assert f"cannot listen on 127.0.0.1:{port}: " in capsys.readouterr().err


def test_what_was_acknowledged_is_there_after_kill_9(
    begin: Begin, tmp_path: Path, make_report: Callable[..., bytes]
) -> None:
    ledger = open_ledger(str(tmp_path / "ledger.sqlite"))
    _, secret = ledger.create_token("ci", ["publish"])
    ledger.close()
    process, url = begin()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    acknowledged = []
    with httpx.Client(headers=headers, trust_env=False) as client:
        for index in range(10):
            body = make_report(name=f"candidate-{index}")
            answer = client.post(f"{url}/v1/reports", content=body)
            assert answer.status_code == 201
            acknowledged.append((answer.json()["id"], body))
    process.kill()
    process.wait()
    ledger = open_ledger(str(tmp_path / "ledger.sqlite"), create=False)
    assert [(key, ledger.body(key)) for key, _ in acknowledged] == acknowledged
    ledger.close()
