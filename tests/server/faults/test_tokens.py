"""Tokens that end while the service runs: from then on they open nothing, in any process."""

from __future__ import annotations

import datetime as dt
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from harness.cli import main
from harness.ledger import open_ledger

JSON = {"Content-Type": "application/json"}
DIGEST = "sha256:" + "1" * 64
Begin = Callable[..., tuple[subprocess.Popen[bytes], httpx.Client]]


def test_an_expired_and_a_revoked_token_open_nothing_from_that_moment(
    begin: Begin,
    tmp_path: Path,
    make_report: Callable[..., bytes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = str(tmp_path / "ledger.sqlite")
    _, admin = begin(path)
    assert admin.post("/v1/reports", content=make_report(), headers=JSON).status_code == 201
    ledger = open_ledger(path)
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    _, short = ledger.create_token("short", ["admin"], ends)
    lasting, long = ledger.create_token("long", ["admin"])
    ledger.close()

    def asked(secret: str) -> set[int]:
        headers = {"Authorization": f"Bearer {secret}"}
        hook = {"metadata": {"digest": DIGEST, "token": secret}}
        answers = [
            admin.get(f"/v1/gate/{DIGEST}", headers=headers),
            admin.get("/v1/reports", headers=headers),
            admin.get("/metrics", headers=headers),
            admin.post("/v1/reports", content=make_report(), headers={**headers, **JSON}),
            admin.post("/v1/flagger/rollout", json=hook, headers=headers),
        ]
        return {answer.status_code for answer in answers}

    for _ in range(3):  # the service remembers who may come in
        assert asked(short) | asked(long) <= {200, 201}
    assert main(["token", "revoke", lasting.id, "--ledger", path]) == 0
    assert asked(long) == {401}
    while dt.datetime.now(dt.UTC) < ends:
        time.sleep(0.05)
    assert asked(short) == {401}
    capsys.readouterr()
