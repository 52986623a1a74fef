"""The corpus: the requests of one contract with what may be claimed of each, as bytes and on disk.

A corpus that was written to a file is sent again byte by byte, whatever drew it, so that a verdict
stays the same on every machine and under every version of what generates.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract.requests.cases import Case, Claim
from harness.contract.text import shown
from harness.contract.wire.strictjson import parse
from harness.contract.wire.transport import Prepared
from harness.errors import ConfigError
from harness.model import Severity

_HEAD = {"format": "releasegate-corpus", "version": 1}
_PROMISED = (Claim.VALID, Claim.ALLOWED)
_TYPES: dict[str, type] = {
    "name": str,
    "claim": str,
    "method": str,
    "path": str,
    "headers": dict,
    "body": str,
}
_OPTIONAL: dict[str, type] = {"deflated": bool, "chunked": bool, "bound": dict, "promise": str}
_LONG = 4096  # bytes of a body, above which it is kept deflated
_LARGEST = 64 * 1024 * 1024  # bytes that a body may inflate to
_HINT = "write the file anew with `gate freeze`"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Every request that the contract checks send."""

    valid: tuple[Case, ...]  # claimed VALID or ALLOWED
    invalid: tuple[Case, ...]  # claimed INVALID or ODD

    @property
    def sha256(self) -> str:
        """Of exactly what is sent, in order: two runs with the same value sent the same."""
        digest = hashlib.sha256()
        for case in (*self.valid, *self.invalid):
            for part in _parts(case.prepared):
                digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()


def _parts(sent: Prepared) -> Iterator[bytes]:
    headers = "\n".join(f"{name}: {value}" for name, value in sent.headers.items())
    framing = "chunked" if sent.chunked else ""
    yield from (text.encode() for text in (sent.method, sent.path, headers, framing))
    yield sent.body


def freeze(corpus: Corpus) -> bytes:
    """The corpus as JSON lines: a heading, then one request a line.

    Bodies are in base64; those longer than 4 KiB are deflated first (RFC 1950).
    """
    lines = [_HEAD, *(_line(case) for case in (*corpus.valid, *corpus.invalid))]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _line(case: Case) -> dict[str, Any]:
    sent = case.prepared
    deflated = len(sent.body) > _LONG
    body = zlib.compress(sent.body, 9) if deflated else sent.body
    line: dict[str, Any] = {
        "name": case.name,
        "claim": case.claim.name,
        "method": sent.method,
        "path": sent.path,
        "headers": sent.headers,
        "body": base64.b64encode(body).decode(),
    }
    optional = {
        "deflated": deflated,
        "chunked": sent.chunked,
        "bound": dict(case.bound),
        "promise": case.promise,
    }
    return line | {name: value for name, value in optional.items() if value}


def thaw(body: bytes, where: str = "corpus") -> Corpus:
    """The corpus that was frozen; `value` of each case is read from its body again.

    Raises ConfigError with `where`, the line, and what is wrong with it.
    """
    lines = body.split(b"\n")
    if _object(lines[0], f"{where}:1") != _HEAD:
        raise ConfigError(f"{where}:1: expected {json.dumps(_HEAD)}; {_HINT}")
    numbered = [(number, line) for number, line in enumerate(lines[1:], 2) if line.strip()]
    cases = [_case(line, f"{where}:{number}") for number, line in numbered]
    if not cases:
        raise ConfigError(f"{where}: no request in it; {_HINT}")
    return Corpus(
        tuple(case for case in cases if case.claim in _PROMISED),
        tuple(case for case in cases if case.claim not in _PROMISED),
    )


def _case(line: bytes, where: str) -> Case:
    raw = _object(line, where)
    for name in raw.keys() - _TYPES.keys() - _OPTIONAL.keys():
        raise ConfigError(f"{where}: unknown member {shown(name, 40)}; {_HINT}")
    for name, kind in {**_TYPES, **_OPTIONAL}.items():
        if not isinstance(raw.get(name, kind() if name in _OPTIONAL else None), kind):
            got = shown(raw.get(name), 40)
            raise ConfigError(f"{where}: {name} = {got}: expected {kind.__name__}; {_HINT}")
    sent, claim = _prepared(raw, where), _claim(raw["claim"], where)
    return Case(
        raw["name"],
        sent,
        claim,
        _value(sent.body) if claim is not Claim.ODD else None,
        bound=_bound(raw.get("bound", {}), where),
        promise=raw.get("promise", ""),
    )


def _prepared(raw: dict[str, Any], where: str) -> Prepared:
    texts = [raw["method"], raw["path"], *raw["headers"], *raw["headers"].values()]
    if not all(isinstance(text, str) and text.isprintable() and text.isascii() for text in texts):
        raise ConfigError(f"{where}: method, path and headers have to be plain text; {_HINT}")
    if not raw["method"].isalpha() or not raw["path"].startswith("/") or " " in raw["path"]:
        target = f"{raw['method']} {raw['path']}"[:60]
        raise ConfigError(f"{where}: {target}: expected a method and a path like POST /predict")
    try:
        body = base64.b64decode(raw["body"], validate=True)
        body = zlib.decompressobj().decompress(body, _LARGEST) if raw.get("deflated") else body
    except (binascii.Error, ValueError, zlib.error) as problem:
        raise ConfigError(f"{where}: body: not base64: {problem}; {_HINT}") from None
    return Prepared(raw["method"], raw["path"], raw["headers"], body, raw.get("chunked", False))


def _claim(name: str, where: str) -> Claim:
    if name not in Claim.__members__:
        known = ", ".join(Claim.__members__)
        raise ConfigError(f"{where}: claim = {shown(name, 40)}: expected one of {known}")
    return Claim[name]


def _bound(raw: dict[str, Any], where: str) -> dict[str, int]:
    for word, size in raw.items():
        if type(size) is not int or size < 0:
            raise ConfigError(f"{where}: bound.{word} = {shown(size, 40)}: expected a number")
    return raw


def _object(line: bytes, where: str) -> dict[str, Any]:
    parsed = parse(line)
    if not parsed.readable or any(p.severity is Severity.ERROR for p in parsed.problems):
        raise ConfigError(f"{where}: {parsed.problems[0].message}; {_HINT}")
    if not isinstance(parsed.value, dict):
        raise ConfigError(f"{where}: {shown(parsed.value, 60)}: expected a JSON object; {_HINT}")
    return parsed.value


def _value(body: bytes) -> Any:
    """The request as JSON where it is that; None for bytes that readers disagree on."""
    parsed = parse(body)
    strict = not any(problem.severity is Severity.ERROR for problem in parsed.problems)
    return parsed.value if parsed.readable and strict else None
