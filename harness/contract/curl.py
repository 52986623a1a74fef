"""A request as a line that a person can paste into a shell, also where its body is binary."""

from __future__ import annotations

import base64
import gzip
import hashlib
import shlex

from harness.contract.transport import Prepared

_PLAIN = 2000  # characters of a body that stays readable
_LONGEST = 96 * 1024  # Linux bounds one argument at 128 KiB


def curl(prepared: Prepared, base_url: str) -> str:
    """The command that sends `prepared` to `base_url`, byte for byte."""
    words = ["curl", "-sS", "-i"]
    words += ["-I"] if prepared.method == "HEAD" else ["-X", prepared.method]
    for name, value in _headers(prepared).items():
        words += ["-H", f"{name}: {value}" if value else f"{name}:"]
    url = base_url.rstrip("/") + prepared.path
    if not prepared.body:
        empty = ["--data-binary", ""] if prepared.method in ("POST", "PUT", "PATCH") else []
        return shlex.join([*words, *empty, url])
    text = _text(prepared.body)
    if text is not None:
        return shlex.join([*words, "--data-binary", text, url])
    source = _source(prepared.body)
    if source is None:
        digest = hashlib.sha256(prepared.body).hexdigest()[:16]
        size = len(prepared.body)
        return shlex.join([*words, "--data-binary", f"@body-{digest}-of-{size}-bytes", url])
    return f"{source} | {shlex.join([*words, '--data-binary', '@-', url])}"


def _headers(prepared: Prepared) -> dict[str, str]:
    headers = dict(prepared.headers)
    if prepared.body and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = ""  # else curl adds one of its own
    return headers


def _text(body: bytes) -> str | None:
    """The body as one printable argument, or None."""
    if len(body) > _PLAIN or body.startswith(b"@"):
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _source(body: bytes) -> str | None:
    """A command that writes the body, or None where it does not fit a command line."""
    if len(body) <= _PLAIN:
        return f"printf %s {base64.b64encode(body).decode()} | base64 -d"
    packed = base64.b64encode(gzip.compress(body, mtime=0)).decode()
    return f"printf %s {packed} | base64 -d | gunzip" if len(packed) <= _LONGEST else None
