"""A ledger, reports to fill it with, and the service over it on a port of its own."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from harness.ledger import Ledger, open_ledger
from harness.runtime.ports import free_port
from harness.server.app import create_app
from harness.server.serving import configured
from harness.server.settings import Settings

_OUTCOMES = {"pass": "passed", "fail": "failed", "inconclusive": "inconclusive", "error": "errored"}


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty ledger, to copy: its tables are made once."""
    path = tmp_path_factory.mktemp("empty") / "ledger.sqlite"
    open_ledger(str(path)).close()
    return path


@pytest.fixture
def ledger(tmp_path: Path, empty: Path) -> Iterator[Ledger]:
    """An empty ledger in a file."""
    path = tmp_path / "ledger.sqlite"
    shutil.copy(empty, path)
    found = open_ledger(str(path))
    yield found
    found.close()


@pytest.fixture(scope="session")
def make_report() -> Callable[..., bytes]:
    """`make_report(verdict="pass", digest="sha256:11...", policy="policy", ...)`: report.json."""
    return report


def report(
    verdict: str = "pass",
    digest: str | None = "sha256:" + "1" * 64,
    policy: str = "policy",
    *,
    name: str = "sentiment",
    finished_at: dt.datetime | None = None,
    policy_digest: str = "sha256:" + "2" * 64,
    p99: float = 41.5,
    waived_until: str | None = None,
    **subject: Any,
) -> bytes:
    """The bytes of a report with one required check, `load.latency`, which came to the verdict."""
    ended = finished_at or dt.datetime.now(dt.UTC)
    outcome = "failed" if waived_until else _OUTCOMES[verdict]
    waivers = [{"check": "load.latency", "reason": "known", "expires": waived_until}]
    candidate = {"name": name, "reference": f"{name}:1", "config_digest": digest, **subject}
    unit = {"unit": "ms", "low": p99 - 1, "high": p99 + 1, "n": 2000}
    measurement = {"name": "latency_p99", "value": p99, **unit, "limit": "<= 100 ms"}
    check = {
        "id": "load.latency",
        "version": 1,
        "title": "Answers stay within the latency budget.",
        "outcome": outcome,
        "reason": "" if outcome == "passed" else f"latency_p99 {p99} ms: {outcome}",
        "required": True,
        "measurements": [measurement | {"outcome": outcome if outcome != "errored" else None}],
    }
    return json.dumps(
        {
            "schema_version": "1.0",
            "verdict": verdict,
            "reasons": [] if verdict == "pass" else [f"load.latency: {check['reason']}"],
            "subject": candidate,
            "policy": {
                "name": policy,
                "digest": policy_digest,
                "confidence": 0.95,
                "required": ["load"],
                "waivers": waivers if waived_until else [],
            },
            "gate": {"path": "gate.toml", "digest": "sha256:" + "3" * 64},
            "checks": [check],
            "started_at": (ended - dt.timedelta(minutes=2)).isoformat(),
            "finished_at": ended.isoformat(),
            "tool": {"name": "releasegate", "version": "0.1.0"},
        }
    ).encode()


@pytest.fixture
def serving(ledger: Ledger) -> Iterator[Callable[..., httpx.Client]]:
    """`serving(scopes=("admin",), clock=None, **settings)`: a client of a service that runs.

    It brings a token with those scopes; none where `scopes` is empty. A test may call it twice.
    """
    ending: list[Callable[[], None]] = []

    def begin(
        scopes: tuple[str, ...] = ("admin",),
        clock: Callable[[], dt.datetime] | None = None,
        **settings: Any,
    ) -> httpx.Client:
        url, stop = _started(Settings.model_validate(settings), ledger, clock)
        headers = {}
        if scopes:
            _, secret = ledger.create_token("tester", scopes)
            headers["Authorization"] = f"Bearer {secret}"
        client = httpx.Client(base_url=url, headers=headers, timeout=20, trust_env=False)
        ending.extend([client.close, stop])
        return client

    yield begin
    for end in ending:
        end()


@pytest.fixture(scope="module")
def one_pass(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client, with every right, of a service that knows of one pass: nothing may change it."""
    ledger = open_ledger(str(tmp_path_factory.mktemp("one") / "ledger.sqlite"))
    ledger.add(report("pass"), publisher="ci")
    _, secret = ledger.create_token("tester", ["admin"])
    url, stop = _started(Settings(url="https://gate.example.com"), ledger, None)
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=url, headers=headers, timeout=20, trust_env=False) as client:
        yield client
    stop()
    ledger.close()


@pytest.fixture(scope="session")
def started() -> Callable[..., tuple[str, Callable[[], None]]]:
    """`started(settings, ledger, clock)`: the URL of a service that runs, and what ends it."""
    return _started


def _started(
    settings: Settings, ledger: Ledger, clock: Callable[[], dt.datetime] | None
) -> tuple[str, Callable[[], None]]:
    port = free_port()
    config = configured(create_app(settings, ledger, clock), port=port)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="service", daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service did not come up"
        time.sleep(0.01)

    def stop() -> None:
        server.should_exit = server.force_exit = True  # nobody waits for an answer any more
        thread.join(timeout=10)

    return f"http://127.0.0.1:{port}", stop
