"""Schemathesis asks what our own document allows, and what it forbids: the service does as it says.

Its exceptions, each with its reason, are in schemathesis.toml beside this file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

Begin = Callable[..., tuple[subprocess.Popen[bytes], httpx.Client]]
MORE = 'environments = ["0"]'


@pytest.mark.slow
def test_the_service_does_what_its_document_says(
    begin: Begin, tmp_path: Path, make_report: Callable[..., bytes]
) -> None:
    process, client = begin(str(tmp_path / "ledger.sqlite"), more=MORE)
    for policy in ("0", "policy"):  # what it asks for most often, as the shortest, is known
        known = make_report(digest="sha256:" + "0" * 64, policy=policy, name="0")
        json = {"Content-Type": "application/json"}
        assert client.post("/v1/reports", content=known, headers=json).status_code == 201
    settings = Path(__file__).with_name("schemathesis.toml")
    address = str(client.base_url.join("/openapi.json"))
    done = subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), "--config-file", settings, "run", address],
        cwd=tmp_path,
        env={
            **os.environ,
            "RELEASEGATE_TOKEN": client.headers["authorization"].removeprefix("Bearer "),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    operations = sum(map(len, client.get("/openapi.json").json()["paths"].values()))
    assert f"Tested: {operations}" in done.stdout
    assert process.poll() is None
    assert "Traceback" not in (tmp_path / "serve.log").read_text()
