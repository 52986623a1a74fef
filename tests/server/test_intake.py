"""A report that a trusted key signed needs no token; any other signature proves nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from harness.ledger import Ledger
from harness.report import parse
from harness.report.signing import statements
from harness.report.signing.envelope import seal
from harness.report.signing.keys import PrivateKey, read_private
from harness.server import intake
from harness.server.intake import ENVELOPE

Make = Callable[..., bytes]
KIND = {"Content-Type": ENVELOPE}


def new_key(folder: Path, name: str) -> PrivateKey:
    """A key pair as two files, `NAME.pem` and `NAME.pub`."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pem").write_bytes(private)
    (folder / f"{name}.pub").write_bytes(public)
    return read_private(folder / f"{name}.pem")


@pytest.fixture
def trusted(tmp_path: Path) -> PrivateKey:
    """The key whose public half the service trusts."""
    return new_key(tmp_path, "trusted")


@pytest.fixture
def client(
    serving: Callable[..., httpx.Client], trusted: PrivateKey, tmp_path: Path
) -> httpx.Client:
    """A client without a token."""
    return serving(scopes=(), trusted_keys=[str(tmp_path / "trusted.pub")])


def test_a_signed_report_is_stored_to_the_byte_with_the_key_that_signed_it(
    client: httpx.Client, ledger: Ledger, trusted: PrivateKey, make_report: Make
) -> None:
    body = make_report("pass")
    envelope = seal(statements.full(body), trusted)
    assert client.post("/v1/reports", content=envelope, headers=KIND).status_code == 201
    assert client.post("/v1/reports", content=envelope, headers=KIND).status_code == 200
    entry = ledger.entries().entries[0]
    assert entry.signed_by == trusted.public.keyid
    assert entry.publisher == f"key {trusted.public.keyid}"
    assert ledger.body(entry.id) == body


def test_what_proves_nothing_is_refused(
    client: httpx.Client, ledger: Ledger, trusted: PrivateKey, make_report: Make, tmp_path: Path
) -> None:
    body = make_report("pass")
    good = seal(statements.full(body), trusted)
    stranger = seal(statements.full(body), new_key(tmp_path, "stranger"))
    unsigned = json.dumps(json.loads(good) | {"signatures": []}).encode()
    swapped = json.dumps(json.loads(good) | {"payload": json.loads(stranger)["payload"][:-4]})
    for forged in (stranger, unsigned, swapped.encode(), good[:-10], b"{}", b"", body):
        answer = client.post("/v1/reports", content=forged, headers=KIND)
        assert answer.status_code == 401
        assert set(answer.json()) == {"error", "hint"}
    assert ledger.entries().entries == ()


def test_a_signed_statement_that_holds_no_report_is_refused(
    client: httpx.Client, trusted: PrivateKey, make_report: Make
) -> None:
    envelope = seal(statements.test_result(parse(make_report("pass"))), trusted)
    answer = client.post("/v1/reports", content=envelope, headers=KIND)
    assert answer.status_code == 422
    assert "/predicateType" in answer.json()["error"]


def test_the_bare_report_of_somebody_without_a_token_is_refused(
    client: httpx.Client, make_report: Make
) -> None:
    json_kind = {"Content-Type": "application/json"}
    assert client.post("/v1/reports", content=make_report(), headers=json_kind).status_code == 401


def test_where_no_key_is_trusted_a_signature_is_worth_nothing(
    serving: Callable[..., httpx.Client], trusted: PrivateKey, make_report: Make
) -> None:
    envelope = seal(statements.full(make_report()), trusted)
    answer = serving(scopes=()).post("/v1/reports", content=envelope, headers=KIND)
    assert answer.status_code == 401


def test_a_token_does_not_stand_in_for_a_signature_that_does_not_hold(
    serving: Callable[..., httpx.Client], ledger: Ledger, tmp_path: Path, make_report: Make
) -> None:
    new_key(tmp_path, "trusted")
    client = serving(("publish",), trusted_keys=[str(tmp_path / "trusted.pub")])
    envelope = seal(statements.full(make_report()), new_key(tmp_path, "stranger"))
    assert client.post("/v1/reports", content=envelope, headers=KIND).status_code == 401
    assert ledger.entries().entries == ()


def test_strangers_cannot_fill_the_memory_and_do_not_keep_out_who_has_a_token(
    client: httpx.Client, ledger: Ledger, trusted: PrivateKey, make_report: Make
) -> None:
    envelope = seal(statements.full(make_report("pass")), trusted)
    address = (client.base_url.host, client.base_url.port)
    head = f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Type: {ENVELOPE}\r\n"
    with ExitStack() as open_lines:
        for _ in range(intake._AT_ONCE):
            line = open_lines.enter_context(socket.create_connection(address, timeout=10))
            line.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n".encode())
            assert line.recv(100).startswith(b"HTTP/1.1 100 ")  # from now on it is waited for
        refused = client.post("/v1/reports", content=envelope, headers=KIND)
        assert refused.status_code == 429 and "retry-after" in refused.headers
        bearer = {"Authorization": f"Bearer {ledger.create_token('ci', ['publish'])[1]}"}
        answer = client.post("/v1/reports", content=envelope, headers=KIND | bearer)
        assert answer.status_code == 201
