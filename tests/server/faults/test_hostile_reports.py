"""What somebody sends in the place of a report: refused with a sentence, and nothing is kept."""

from __future__ import annotations

import datetime as dt
import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from harness.report.signing.envelope import seal
from harness.report.signing.keys import PrivateKey, read_private
from harness.report.signing.statements import full

DIGEST = "sha256:" + "1" * 64
JSON = {"Content-Type": "application/json"}
ENVELOPE = {"Content-Type": "application/vnd.dsse.envelope.v1+json"}
MIB = 1024 * 1024
Begin = Callable[..., tuple[subprocess.Popen[bytes], httpx.Client]]
Make = Callable[..., bytes]


def test_what_is_no_report_is_refused_and_leaves_nothing(
    begin: Begin, tmp_path: Path, make_report: Make
) -> None:
    process, client = begin(str(tmp_path / "ledger.sqlite"), more='report_bytes = "4 MiB"')
    body, later = make_report("fail"), dt.datetime.now(dt.UTC) + dt.timedelta(minutes=6)
    inside = b'{"later": %s, ' + body[1:]
    bad = [body[:cut] for cut in range(0, len(body), len(body) // 40)]
    bad += [body[:cut] + b"\xff" + body[cut + 1 :] for cut in range(0, len(body), 100)]
    bad += [body.decode().encode("utf-16"), b"\xef\xbb\xbf" + body, body + body, b"\0" * 1000]
    bad += [b"[" * MIB, b'{"a":' * 500_000, inside % (b"[" * 5_000 + b"]" * 5_000)]
    bad += [inside % (b"9" * MIB), inside % b"1e400", inside % b"-Infinity"]
    bad += [body.replace(b'"schema_version": "1.0"', b'"schema_version": "%s"' % version)
            for version in (b"0.9", b"2.0", b"10.0", b"1", b"01.0", b"1.0\\u0000")]  # fmt: skip
    bad += [make_report(finished_at=later), make_report(finished_at=later.replace(year=9999))]
    bad += [body.replace(b'"verdict": "fail"', b'"verdict": "pass"')]
    for content in bad:
        answer = client.post("/v1/reports", content=content, headers=JSON)
        assert answer.status_code == 422, content[:200]
        assert set(answer.json()) == {"error", "hint"} and answer.json()["error"].isprintable()
        assert len(answer.content) < 1_000
    before = psutil.Process(process.pid).memory_info().rss
    for content in (body + b" " * 5 * MIB, inside % (b"[" + b"0," * 2 * MIB + b"0]")):
        answer = client.post("/v1/reports", content=content, headers=JSON)
        assert answer.status_code == 413
    parts = (b" " * MIB for _ in range(100))
    assert client.post("/v1/reports", content=parts, headers=JSON).status_code == 413
    assert psutil.Process(process.pid).memory_info().rss < before + 100 * MIB
    assert client.get("/v1/reports").json()["reports"] == []
    assert client.post("/v1/reports", content=body, headers=JSON).status_code == 201
    assert process.poll() is None
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


def test_a_body_that_breaks_off_leaves_nothing(
    begin: Begin, tmp_path: Path, make_report: Make
) -> None:
    _, client = begin(str(tmp_path / "ledger.sqlite"))
    body, where = make_report(), (client.base_url.host, client.base_url.port)
    head = f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
Authorization: {client.headers['authorization']}\r\n".encode()
    for sent in (
        b"Content-Length: %d\r\n\r\n" % len(body) + body[:-1],
        b"Content-Length: 999999999999999999999\r\n\r\n" + body,
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body,
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n",
    ):
        with socket.create_connection(where) as connection:
            connection.sendall(head + sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    assert client.get("/v1/reports").json()["reports"] == []
    assert client.get(f"/v1/gate/{DIGEST}").json()["verdict"] == "unknown"


def new_key(path: Path) -> PrivateKey:
    """A key whose two halves lie at `path` and beside it."""
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(secret)
    path.with_suffix(".pub").write_bytes(public)
    return read_private(path)


def test_a_signed_pass_that_is_forged_or_replayed_opens_nothing(
    begin: Begin, tmp_path: Path, make_report: Make
) -> None:
    ours, theirs = new_key(tmp_path / "ours"), new_key(tmp_path / "theirs")
    _, client = begin(str(tmp_path / "ledger.sqlite"), more='trusted_keys = ["ours.pub"]')
    hour = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    stranger = httpx.Client(base_url=client.base_url, trust_env=False, timeout=40)

    def publish(envelope: bytes) -> int:
        return stranger.post("/v1/reports", content=envelope, headers=ENVELOPE).status_code

    def verdict() -> str:
        return str(client.get(f"/v1/gate/{DIGEST}").json()["verdict"])

    passed, failed = make_report("pass", finished_at=hour), make_report("fail")
    signed = seal(full(passed), ours)
    fields = json.loads(signed)
    swapped = {**fields, "payload": json.loads(seal(full(failed), ours))["payload"]}
    with stranger:
        for forged in (
            seal(full(passed), theirs),
            json.dumps(swapped).encode(),
            json.dumps({**fields, "signatures": []}).encode(),
            json.dumps({**fields, "payloadType": "application/json"}).encode(),
            signed.replace(b'"payload"', b'"payload": "", "payload"', 1),
            signed[:-1],
        ):
            assert publish(forged) == 401
        assert stranger.post("/v1/reports", content=passed, headers=JSON).status_code == 401
        assert verdict() == "unknown"
        assert publish(signed) == 201 and verdict() == "pass"
        assert publish(seal(full(failed), ours)) == 201 and verdict() == "fail"
        assert publish(signed) == 200 and verdict() == "fail"
        spelled = passed.replace(b'"schema_version": ', b'"schema_version":', 1)
        assert publish(seal(full(spelled), ours)) == 201  # other bytes, the same old run
        assert verdict() == "fail"
