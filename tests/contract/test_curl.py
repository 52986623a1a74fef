"""A curl line sends the same bytes again."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from harness.contract import Prepared, curl
from harness.testing import Reply, serve


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "it\'s $HOME `x` \\"quoted\\" \xc3\xa9"}',
        b"",
        b"\x00\xff\xfe\n",
        b"@file",
        b"[" * 50_000 + b"]" * 50_000,
        b'"line\nbreak"',
    ],
)
def test_the_line_sends_the_same_request(body: bytes) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    got = []

    def answer(method: str, path: str, received: bytes) -> Reply:
        got.append((method, path, received))
        return Reply(b"{}")

    with serve(answer) as fake:
        sent = Prepared("POST", "/predict?a=b&c=d", {"Content-Type": "application/json"}, body)
        line = curl(sent, fake.base_url)
        subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=20)
    assert got == [("POST", "/predict?a=b&c=d", body)]


def test_a_readable_body_stays_readable() -> None:
    body = json.dumps(["good"]).encode()
    line = curl(Prepared("POST", "/p", {"Content-Type": "application/json"}, body), "http://h:1")
    assert line == (
        "curl -sS -i -X POST -H 'Content-Type: application/json' "
        "--data-binary '[\"good\"]' http://h:1/p"
    )


def test_a_missing_content_type_stays_missing() -> None:
    assert "-H Content-Type: " in curl(Prepared("POST", "/p", {}, b"x"), "http://h:1")
