"""Keys that sign and verify: Ed25519 and ECDSA P-256, from PEM files, named by their digest."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from harness.errors import ConfigError

PASSPHRASE = "RELEASEGATE_KEY_PASSPHRASE"
_MAX_BYTES = 64 * 1024
_ECDSA = ec.ECDSA(hashes.SHA256())
_EXPECTED = "expected an Ed25519 or an ECDSA P-256 key in PEM"
_Verifying = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
_Signing = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Whose signatures are trusted."""

    keyid: str  # as `ssh-keygen -l` names the key, `SHA256:...`: what cosign expects of a name
    _key: _Verifying = field(repr=False, compare=False)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made `signature` (raw for Ed25519, DER for ECDSA) over `message`."""
        try:
            if isinstance(self._key, ed25519.Ed25519PublicKey):
                self._key.verify(signature, message)
            else:
                self._key.verify(signature, message, _ECDSA)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """Who signs."""

    public: PublicKey
    _key: _Signing = field(repr=False, compare=False)

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`: raw for Ed25519, DER for ECDSA."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        return self._key.sign(message, _ECDSA)


def read_private(path: str | Path) -> PrivateKey:
    """The private key in a PEM file; RELEASEGATE_KEY_PASSPHRASE opens an encrypted one.

    Raises ConfigError for a file that cannot be read, a wrong passphrase, another kind of key.
    """
    content = _content(path)
    if b"ENCRYPTED SIGSTORE" in content or b"ENCRYPTED COSIGN" in content:
        raise ConfigError(
            f"{path}: a key in cosign's own encryption, which only cosign reads; make one with "
            "`openssl genpkey -algorithm ed25519`, and give it to cosign with "
            "`cosign import-key-pair`"
        )
    phrase = os.environ.get(PASSPHRASE)
    encrypted = b"ENCRYPTED" in content
    if encrypted and not phrase:
        raise ConfigError(f"{path}: the key is encrypted; put its passphrase into {PASSPHRASE}")
    given = phrase.encode() if phrase and encrypted else None
    key = _loaded(path, lambda: load_pem_private_key(content, given), encrypted)
    if not isinstance(key, _Signing):
        raise ConfigError(f"{path}: {_kind(key)}, {_EXPECTED}")
    return PrivateKey(_public(path, key.public_key()), key)


def read_public(path: str | Path) -> PublicKey:
    """The public key in a PEM file.

    Raises ConfigError for a file that cannot be read and for another kind of key.
    """
    content = _content(path)
    if b"PRIVATE KEY" in content:
        raise ConfigError(
            f"{path}: a private key, expected the public one, which may go anywhere; "
            f"`openssl pkey -in {path} -pubout` prints it"
        )
    return _public(path, _loaded(path, lambda: load_pem_public_key(content)))


def _public(path: str | Path, key: object) -> PublicKey:
    if not isinstance(key, _Verifying):
        raise ConfigError(f"{path}: {_kind(key)}, {_EXPECTED}")
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, ec.SECP256R1):
        raise ConfigError(f"{path}: an ECDSA key on {key.curve.name}, {_EXPECTED}")
    blob = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
    digest = hashlib.sha256(base64.b64decode(blob)).digest()
    return PublicKey("SHA256:" + base64.b64encode(digest).decode().rstrip("="), key)


def _content(path: str | Path) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as problem:
        raise ConfigError(f"{path}: the key cannot be read: {problem.strerror}") from None
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"{path}: larger than {_MAX_BYTES // 1024} KiB, {_EXPECTED}")
    return content


def _loaded(path: str | Path, load: Callable[[], object], encrypted: bool = False) -> object:
    try:
        return load()
    except (ValueError, TypeError, UnsupportedAlgorithm):  # their texts are OpenSSL's, for nobody
        why = f"the passphrase in {PASSPHRASE} does not open it" if encrypted else "not a key"
        raise ConfigError(f"{path}: {why}, {_EXPECTED}") from None


def _kind(key: object) -> str:
    return f"a key of the kind {type(key).__name__.strip('_')}"
