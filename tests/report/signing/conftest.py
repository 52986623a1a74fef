"""Keys of both kinds, always the same, as files and read; and a report that was pushed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from harness.report import Report, to_json
from harness.report.signing.keys import PrivateKey, read_private

ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(b"releasegate signs in its tests. ")
P256 = ec.derive_private_key(20261121, ec.SECP256R1())
STRANGER = ed25519.Ed25519PrivateKey.from_private_bytes(b"somebody else, known to nobody. ")

Raw = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """One key: as cryptography has it, and where its PEM files lie."""

    raw: Raw
    private: Path
    public: Path


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., KeyFiles]:
    """Write a key, encrypted where a passphrase is given."""

    def write(name: str, raw: Raw, passphrase: bytes = b"") -> KeyFiles:
        how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        files = KeyFiles(raw, tmp_path / f"{name}.pem", tmp_path / f"{name}.pub")
        files.private.write_bytes(raw.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
        public = raw.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        files.public.write_bytes(public)
        return files

    return write


@pytest.fixture
def both() -> dict[str, Raw]:
    """Ours by their kinds."""
    return {"ed25519": ED25519, "p256": P256}


@pytest.fixture(params=["ed25519", "p256"])
def files(
    request: pytest.FixtureRequest, written: Callable[..., KeyFiles], both: dict[str, Raw]
) -> KeyFiles:
    """Ours, once of each kind."""
    return written("ours", both[request.param])


@pytest.fixture
def key(files: KeyFiles) -> PrivateKey:
    """Ours, once of each kind."""
    return read_private(files.private)


@pytest.fixture
def curve(written: Callable[..., KeyFiles]) -> KeyFiles:
    """Ours on P-256, the kind that sigstore takes."""
    return written("curve", P256)


@pytest.fixture
def stranger(written: Callable[..., KeyFiles]) -> PrivateKey:
    """The key of somebody else."""
    return read_private(written("stranger", STRANGER).private)


@pytest.fixture
def pushed(failed: Report) -> Report:
    """The failed report once its image is in a registry."""
    subject = replace(
        failed.subject,
        reference="registry.example.com:5000/ml/sentiment:1.4.0",
        manifest_digest="sha256:" + "c4" * 32,
    )
    return failed.model_copy(update={"subject": subject})


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Write a report as report.json into a folder of its own."""

    def save(report: Report, folder: str = "gate") -> Path:
        path = tmp_path / folder / "report.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(to_json(report), encoding="utf-8")
        return path

    return save
