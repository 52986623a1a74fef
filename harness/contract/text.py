"""Values of an untrusted service as short text for a person to read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

LONGEST = 300


def shown(value: Any, limit: int = LONGEST) -> str:
    """`value` as JSON, or bytes as text, on one line and not longer than `limit` characters."""
    if isinstance(value, bytes):
        text = value[: 4 * limit].decode("utf-8", "backslashreplace")
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
        return _cut(text, limit, f"({len(value)} bytes)")
    try:
        # Iterating stops early, so that a large tensor is not rendered whole to be cut.
        pieces, length = [], 0
        for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
            pieces.append(piece)
            length += len(piece)
            if length > limit:
                break
    except (TypeError, ValueError, RecursionError):
        return _cut(repr(value), limit, "")
    text = "".join(pieces).encode("utf-8", "backslashreplace").decode()
    return _cut(text, limit, "")


def _cut(text: str, limit: int, note: str) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]}... {note}".rstrip()


def json_path(parts: Iterable[Any]) -> str:
    """`$.outputs[0].data` of its parts."""
    path = "$"
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if str(part).isidentifier() else f"[{json.dumps(part)}]"
    return path
