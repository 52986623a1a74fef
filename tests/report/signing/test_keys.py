"""Keys are read from PEM, named by their digest, and refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from harness.errors import ConfigError
from harness.report.signing import keys
from harness.report.signing.keys import PrivateKey, read_private, read_public


def test_a_private_key_and_its_public_one_have_one_identity(files: Any) -> None:
    assert read_private(files.private).public == read_public(files.public)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ed25519", "SHA256:Zv3EREQp/fnu/VtxnfFuERd2hb9V50+TghW7RhNJWOY"),
        ("p256", "SHA256:JfllwI/3odes1tLc45Wnd/KTfn6Bs4PQVFLamlHZsaY"),
    ],
)
def test_a_key_has_the_name_that_ssh_keygen_gives_it(
    name: str, expected: str, written: Callable[..., Any], both: dict[str, Any]
) -> None:
    assert read_public(written("key", both[name]).public).keyid == expected


def test_what_a_key_signed_its_public_one_verifies(key: PrivateKey) -> None:
    assert key.public.verifies(key.sign(b"message"), b"message")


def test_another_message_is_not_verified(key: PrivateKey) -> None:
    assert not key.public.verifies(key.sign(b"message"), b"massage")


@pytest.mark.parametrize("signature", [b"", b"\0", b"\x30\x06\x02\x01\0\x02\x01\0", b"\0" * 64])
def test_what_is_no_signature_is_not_verified(key: PrivateKey, signature: bytes) -> None:
    assert not key.public.verifies(signature, b"message")


def test_an_encrypted_key_opens_with_its_passphrase(
    files: Any, written: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = written("locked", files.raw, b"open sesame")
    monkeypatch.setenv(keys.PASSPHRASE, "open sesame")
    assert read_private(locked.private).public == read_public(files.public)


def test_an_encrypted_key_without_a_passphrase_tells_where_to_put_it(
    files: Any, written: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(keys.PASSPHRASE, raising=False)
    with pytest.raises(ConfigError, match="put its passphrase into RELEASEGATE_KEY_PASSPHRASE"):
        read_private(written("locked", files.raw, b"open sesame").private)


def test_a_wrong_passphrase_is_told_and_not_shown(
    files: Any, written: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(keys.PASSPHRASE, "open barley")
    with pytest.raises(ConfigError, match="does not open it") as refused:
        read_private(written("locked", files.raw, b"open sesame").private)
    assert "barley" not in str(refused.value)


def test_a_passphrase_that_nobody_needs_does_no_harm(
    files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(keys.PASSPHRASE, "open sesame")
    assert read_private(files.private).public == read_public(files.public)


def test_a_key_never_shows_itself(key: PrivateKey) -> None:
    assert repr(key) == f"PrivateKey(public=PublicKey(keyid='{key.public.keyid}'))"


def test_a_private_key_is_no_public_one(files: Any) -> None:
    with pytest.raises(ConfigError, match="a private key, expected the public one"):
        read_public(files.private)


def test_a_public_key_is_no_private_one(files: Any) -> None:
    with pytest.raises(ConfigError, match="not a key, expected an Ed25519 or an ECDSA P-256 key"):
        read_private(files.public)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PUBLIC KEY-----\n", b"\xff" * 100])
def test_what_is_no_key_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(content)
    for read in (read_private, read_public):
        with pytest.raises(ConfigError, match="key: not a key"):
            read(tmp_path / "key")


def test_a_file_of_any_size_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"x" * 100_000)
    with pytest.raises(ConfigError, match="larger than 64 KiB"):
        read_public(tmp_path / "key")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere.pem: the key cannot be read: No such file"):
        read_private(tmp_path / "nowhere.pem")


def test_cosigns_own_encryption_is_told_from_a_passphrase(tmp_path: Path) -> None:
    (tmp_path / "cosign.key").write_text("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n")
    with pytest.raises(ConfigError, match="only cosign reads"):
        read_private(tmp_path / "cosign.key")


@pytest.mark.parametrize(
    ("kind", "expected"), [("rsa", "kind RSAPrivateKey"), ("p384", "an ECDSA key on secp384r1")]
)
def test_other_kinds_of_keys_are_refused_by_name(kind: str, expected: str, tmp_path: Path) -> None:
    raw: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.derive_private_key(7, ec.SECP384R1())
    )
    pem = raw.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key").write_bytes(pem)
    with pytest.raises(ConfigError, match=f"{expected}, expected an Ed25519 or an ECDSA P-256"):
        read_private(tmp_path / "key")
