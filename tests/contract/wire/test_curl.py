"""A curl line sends the same bytes again."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.contract import Case, Claim, Prepared, curl, write_corpus
from harness.contract.requests.cases import prepared
from harness.contract.requests.corpus import Corpus
from harness.contract.wire.curl import curl_on_one_connection
from harness.report.bounds import MAX_COMMAND
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
        "curl -sS -i -X POST -H 'Accept: application/json' -H 'Content-Type: application/json' "
        "--data-binary '[\"good\"]' http://h:1/p"
    )


def test_a_missing_content_type_stays_missing() -> None:
    assert "-H Content-Type: " in curl(Prepared("POST", "/p", {}, b"x"), "http://h:1")


def test_a_chunked_body_is_sent_in_chunks() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    got = []

    def answer(method: str, path: str, received: bytes) -> Reply:
        got.append((method, path, received))
        return Reply(b"{}")

    with serve(answer) as fake:
        sent = Prepared("POST", "/p", {"Content-Type": "application/json"}, b"[1]", chunked=True)
        line = curl(sent, fake.base_url)
        subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=20)
    assert got == [("POST", "/p", b"[1]")]
    assert "Transfer-Encoding: chunked" in line


def test_head_is_asked_as_head() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    got = []

    def answer(method: str, path: str, received: bytes) -> Reply:
        got.append((method, path, received))
        return Reply(b"")

    with serve(answer) as fake:
        line = curl(Prepared("HEAD", "/p"), fake.base_url)
        subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=20)
    assert got == [("HEAD", "/p", b"")]


def test_another_accept_takes_the_place_of_the_usual_one() -> None:
    line = curl(Prepared("GET", "/p", {"accept": "text/csv"}), "http://h:1")
    assert "application/json" not in line and "text/csv" in line


def test_two_requests_go_over_one_connection() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    got = []

    def answer(method: str, path: str, received: bytes) -> Reply:
        got.append((method, path, received))
        return Reply(b"{}", 404 if path == "/q" else 200)

    with serve(answer) as fake:
        first = Prepared("PUT", "/q", {"Content-Type": "application/json"}, b"\x00")
        second = Prepared("POST", "/p", {"Content-Type": "application/json"}, b"[1]")
        line = curl_on_one_connection(first, second, fake.base_url)
        done = subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=20)
    assert got[-2:] == [("PUT", "/q", b"\x00"), ("POST", "/p", b"[1]")]
    assert done.stdout.count(b"HTTP/1.1") == 2


def test_a_body_too_large_for_a_line_is_found_in_the_frozen_corpus(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    got = []

    def answer(method: str, path: str, received: bytes) -> Reply:
        got.append(received)
        return Reply(b"{}")

    drawn = random.Random(1)
    body = json.dumps([drawn.random() for _ in range(20_000)]).encode()
    sent = prepared("/p", body)
    small = Case("small", prepared("/p", b"[1]"), Claim.VALID)
    corpus = Corpus((small, Case("large", sent, Claim.VALID)), ())
    (tmp_path / "corpus.jsonl").write_bytes(write_corpus(corpus))
    with serve(answer) as fake:
        line = curl(sent, fake.base_url)
        assert len(line) < 1000 and "gate freeze" in line
        subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True, capture_output=True)
    assert got == [body]


def test_a_line_fits_into_a_report() -> None:
    body = bytes(random.Random(1).randbytes(44_000))
    assert 40_000 < len(curl(prepared("/p", body), "http://h:1")) < MAX_COMMAND
