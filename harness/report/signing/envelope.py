"""The DSSE envelope: bytes, what they are, and a signature over both. Opened only when it holds."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.errors import ReportError
from harness.report.reading import MAX_BYTES as MAX_REPORT
from harness.report.reading import strict
from harness.report.signing.keys import PrivateKey, PublicKey

IN_TOTO = "application/vnd.in-toto+json"
MAX_BYTES = MAX_REPORT // 2 * 3  # a report, a third more for base64, and room for the rest
_MAX_SIGNATURES = 16
_MEMBERS = {"payload", "payloadType", "signatures"}


class Part(StrEnum):
    """What of an envelope does not hold."""

    SIGNATURE = "signature"
    KEY = "key"


class SignatureError(ReportError):
    """An envelope that proves nothing: not one, altered, or signed by somebody else."""

    def __init__(self, message: str, part: Part = Part.SIGNATURE) -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class Opened:
    """What was signed, and by which of the keys."""

    payload: bytes  # exactly the bytes that were signed
    payload_type: str
    keyid: str


def seal(payload: bytes, key: PrivateKey, payload_type: str = IN_TOTO) -> bytes:
    """The envelope of `payload`: one line of JSON with one signature."""
    signature = key.sign(_encoded(payload_type, payload))
    document = {
        "payload": _base64(payload),
        "payloadType": payload_type,
        "signatures": [{"keyid": key.public.keyid, "sig": _base64(signature)}],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def open_envelope(data: bytes, keys: Sequence[PublicKey]) -> Opened:
    """The payload of an envelope that one of `keys` signed.

    Stricter than DSSE asks: a key identity that is given has to be the key's own, base64 has one
    form, and members that nobody knows are refused, so that no single byte changes unseen.
    Raises SignatureError.
    """
    payload, payload_type, signatures = _members(data)
    message = _encoded(payload_type, payload)
    tried = 0
    for keyid, signature in signatures:
        for key in keys:
            if keyid in ("", key.keyid):
                tried += 1
                if key.verifies(signature, message):
                    return Opened(payload, payload_type, key.keyid)
    if tried:
        raise SignatureError("no signature of the envelope is valid: it was altered, or forged")
    ours = ", ".join(key.keyid for key in keys) or "none"
    theirs = ", ".join(keyid[:80] for keyid, _ in signatures)
    raise SignatureError(f"signed by the key {theirs}, trusted: {ours}", Part.KEY)


def _members(data: bytes) -> tuple[bytes, str, list[tuple[str, bytes]]]:
    """Payload, its type, and key identity and bytes of each signature."""
    if len(data) > MAX_BYTES:
        raise SignatureError(f"larger than {MAX_BYTES // 1024**2} MiB, expected a DSSE envelope")
    try:
        raw = strict(data)
    except ReportError as problem:
        raise SignatureError(f"not a DSSE envelope: {problem}") from None
    if not isinstance(raw, dict) or set(raw) != _MEMBERS:
        raise SignatureError(
            f"not a DSSE envelope: expected an object of {', '.join(sorted(_MEMBERS))} only"
        )
    payload_type, signatures = raw["payloadType"], raw["signatures"]
    if not isinstance(payload_type, str):
        raise SignatureError("/payloadType: expected text")
    if not isinstance(signatures, list) or not 0 < len(signatures) <= _MAX_SIGNATURES:
        raise SignatureError(f"/signatures: expected a list of 1 to {_MAX_SIGNATURES}")
    payload = _bytes(raw["payload"], "/payload")
    return payload, payload_type, [_signature(one, i) for i, one in enumerate(signatures)]


def _signature(raw: Any, index: int) -> tuple[str, bytes]:
    where = f"/signatures/{index}"
    if not isinstance(raw, dict) or not {"sig"} <= set(raw) <= {"sig", "keyid"}:
        raise SignatureError(f"{where}: expected an object of sig and keyid only")
    keyid = raw.get("keyid", "")
    if not isinstance(keyid, str):
        raise SignatureError(f"{where}/keyid: expected text")
    return keyid, _bytes(raw["sig"], f"{where}/sig")


def _bytes(text: Any, where: str) -> bytes:
    """What standard base64 stands for; of several spellings of one content only the plain one."""
    try:
        content = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        content = b""
    if not content or _base64(content) != text:
        raise SignatureError(f"{where}: expected standard base64 of at least one byte")
    return content


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _encoded(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding; lengths are in bytes."""
    kind = payload_type.encode("utf-8", "surrogatepass")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
