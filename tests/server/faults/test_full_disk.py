"""A disk that fills up under the service: it says so, keeps nothing by halves, and goes on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

DIGEST = "sha256:" + "1" * 64
JSON = {"Content-Type": "application/json"}
Begin = Callable[..., tuple[subprocess.Popen[bytes], httpx.Client]]
Make = Callable[..., bytes]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own, of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode:
        why = f"a small disk cannot be mounted: {done.stderr.strip()}"
        if os.environ.get("GATE_REQUIRE_ENGINE") == "1":
            pytest.fail(f"GATE_REQUIRE_ENGINE=1, but {why}")
        pytest.skip(why)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room that is left."""
    path = disk / "somebody-else"
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 65536):
                pass
        except OSError:
            pass
    return path


def test_a_full_disk_refuses_reports_answers_verdicts_and_loses_nothing(
    begin: Begin, small_disk: Path, tmp_path: Path, make_report: Make
) -> None:
    path, stored = small_disk / "ledger.sqlite", dict[str, bytes]()
    process, client = begin(str(path))

    def publish(name: str) -> httpx.Response:
        body = make_report(name=name)
        answer = client.post("/v1/reports", content=body, headers=JSON)
        if answer.status_code == 201:
            stored[answer.json()["id"]] = body
        return answer

    assert publish("first").status_code == 201
    filled = fill(small_disk)
    while (refused := publish(f"sentiment-{len(stored)}")).status_code == 201:
        assert len(stored) < 1_000
    assert refused.status_code == 503 and "retry-after" in refused.headers
    assert "free some space; nothing was half written" in (tmp_path / "serve.log").read_text()
    assert client.get("/readyz").status_code == 200  # whoever asks is answered
    assert client.get(f"/v1/gate/{DIGEST}").json()["verdict"] == "pass"
    assert client.get(f"/v1/gate/{DIGEST}?policy=prd").json()["verdict"] == "unknown"
    filled.unlink()
    assert publish("last").status_code == 201
    for key, body in stored.items():
        assert client.get(f"/v1/reports/{key}").content == body
    process.terminate()
    assert process.wait(20) == 0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        counted = "SELECT (SELECT count(*) FROM reports), (SELECT count(*) FROM contents)"
        assert connection.execute(counted).fetchone() == (len(stored), len(stored))
        assert connection.execute("SELECT count(*) FROM heads").fetchone() == (len(stored),)


def test_without_room_for_a_ledger_the_service_does_not_begin(
    begin: Begin, small_disk: Path, tmp_path: Path
) -> None:
    fill(small_disk)
    process, _ = begin(str(small_disk / "ledger.sqlite"), scopes=())
    assert process.wait() == 3
    said = (tmp_path / "serve.log").read_text()
    assert said.startswith("gate: ") and "free some space" in said and "Traceback" not in said
