"""A run says how far it is, publishes what it came to, and never depends on who listens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness import fixtures
from harness.announcing import Announcer, announcers
from harness.config import Gate
from harness.errors import ConfigError, GateError
from harness.model import Candidate
from harness.publishing import Service

ROOT = Path(__file__).resolve().parent.parent
DIGEST = "sha256:" + "1" * 64
GATE = cast(
    Gate, SimpleNamespace(policy=SimpleNamespace(name="prd x"), candidate=SimpleNamespace(name="n"))
)


class Listener:
    """In the place of a service: keeps what it is told, or is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.published: list[bytes] = []
        self._away = away

    def send(self, method: str, path: str, body: bytes, **other: object) -> dict[str, Any]:
        """Take a message."""
        if self._away:
            raise GateError("nobody there")
        self.told.append((method, path, json.loads(body or b"{}")))
        return {}

    def publish(self, content: bytes, **other: object) -> dict[str, Any]:
        """Take a report."""
        if self._away:
            raise GateError("nobody there")
        self.published.append(content)
        return {"id": "a1"}

    def page(self, told: dict[str, Any]) -> str:
        """The address for people."""
        return f"https://gate.example.com/reports/{told['id']}"


def report(digest: str | None = DIGEST) -> Any:
    """As much of a report as is looked at."""
    return SimpleNamespace(subject=Candidate("n", "n:1", digest))


def session(digest: str | None, checks: int) -> pytest.Session:
    """A session with so many checks, whose candidate is known."""
    candidate = Candidate("n", "n:1", digest)
    run = SimpleNamespace(known=lambda: (candidate, "docker"))
    config = SimpleNamespace(stash={fixtures.RUN: run})
    return cast(pytest.Session, SimpleNamespace(items=[None] * checks, config=config))


def begun(listener: Listener, digest: str | None = DIGEST, checks: int = 7) -> Announcer:
    """An announcer whose session has begun."""
    announcer = Announcer(GATE, cast(Service, listener))
    announcer.pytest_collection_finish(session(digest, checks))
    return announcer


def test_a_run_is_announced_and_withdrawn_at_its_end() -> None:
    listener = Listener()
    announcer = begun(listener)
    ends = time.monotonic() + 20
    while not listener.told and time.monotonic() < ends:
        time.sleep(0.01)
    announcer.pytest_unconfigure()
    assert listener.told[0] == (
        "POST",
        "/v1/runs",
        {"digest": DIGEST, "policy": "prd x", "name": "n", "done": 0, "total": 7, "ttl_s": 60},
    )
    assert listener.told[-1] == ("DELETE", f"/v1/runs/{DIGEST}?policy=prd%20x", {})


def test_a_candidate_without_a_digest_is_not_announced() -> None:
    listener = Listener()
    announcer = begun(listener, digest=None)
    announcer.pytest_unconfigure()
    assert listener.told == []


def test_the_report_is_published_to_the_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listener = Listener()
    announcer = begun(listener)
    (tmp_path / "report.json").write_bytes(b'{"a": 1}\n')
    announcer.pytest_releasegate_report(report(), {"json": tmp_path / "report.json"})
    assert listener.published == [b'{"a": 1}\n']
    assert capsys.readouterr().err == "gate: published: https://gate.example.com/reports/a1\n"


def test_that_no_digest_leads_to_a_report_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    announcer = begun(Listener(), digest=None)
    (tmp_path / "report.json").write_bytes(b"{}")
    announcer.pytest_releasegate_report(report(None), {"json": tmp_path / "report.json"})
    assert "it names no image, so no digest leads to its verdict" in capsys.readouterr().err


def test_a_service_that_is_away_is_said_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    announcer = begun(Listener(away=True))
    (tmp_path / "report.json").write_bytes(b"{}")
    announcer.pytest_releasegate_report(report(), {"json": tmp_path / "report.json"})
    announcer.pytest_unconfigure()
    assert "the report was not published: nobody there" in capsys.readouterr().err


def test_a_closed_standard_error_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    (tmp_path / "report.json").write_bytes(b"{}")
    with open(writing, "w", encoding="utf-8", buffering=1) as nobody:
        monkeypatch.setattr(sys, "stderr", nobody)
        for listener in (Listener(away=True), Listener()):
            announcer = begun(listener)
            announcer.pytest_releasegate_report(report(None), {"json": tmp_path / "report.json"})
            announcer.pytest_unconfigure()
        monkeypatch.undo()
        with suppress(OSError):
            nobody.close()


def test_a_run_that_was_never_collected_says_nothing() -> None:
    listener = Listener()
    Announcer(GATE, cast(Service, listener)).pytest_unconfigure()
    assert listener.told == []


def test_nobody_is_told_unless_somebody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELEASEGATE_SERVER", raising=False)
    assert announcers(GATE, None) == []
    monkeypatch.setenv("RELEASEGATE_SERVER", "https://gate.example.com")
    assert len(announcers(GATE, None)) == 1
    with pytest.raises(ConfigError, match="is no address"):
        announcers(GATE, "gate.example.com")


@pytest.fixture
def refusing() -> Iterator[str]:
    """Address of a service that lets nobody in."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(401, "no token")

        def log_message(self, *given: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_gate_keeps_its_verdict_and_code_where_it_cannot_publish(
    tmp_path: Path, refusing: str
) -> None:
    (tmp_path / "gate.toml").write_text(
        'version = 1\n[candidate]\nname = "n"\nsource = "src"\ncommand = ["true"]\nport = 5000\n'
        '[contract]\npath = "/predict"\nexamples = "e.jsonl"\n[policy]\nrequired = ["source"]\n',
        encoding="utf-8",
    )
    (tmp_path / "e.jsonl").write_text('{"request": {}}\n', encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text('"""An app."""\n', encoding="utf-8")
    words = ["run", "--only", "source", "--publish", refusing]
    done = subprocess.run(
        [sys.executable, "-m", "harness", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"the report was not published: {refusing} answers 401" in done.stderr
