"""JSON for the wire: finite, UTF-8, small; with validators, so that it is not sent twice."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from fastapi import Request
from fastapi.responses import Response

_JSON = "application/json"


def to_json(body: Any) -> bytes:
    """The bytes of a document. Raises ValueError for a number that is not finite.

    Argo Rollouts took a body with NaN for a success until 2026: none ever leaves.
    """
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def etag_of(body: bytes) -> str:
    """A strong validator of these bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def answered(
    request: Request, body: bytes, etag: str, keep: str = "private, no-cache", kind: str = _JSON
) -> Response:
    """200 with the body, or 304 where the asker has it already."""
    headers = {"ETag": etag, "Cache-Control": keep, "Vary": "Authorization, Cookie"}
    if _has(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, kind)


def document(request: Request, body: Any) -> Response:
    """A JSON document, with its validator."""
    content = to_json(body)
    return answered(request, content, etag_of(content))


def _has(given: str | None, etag: str) -> bool:
    """Whether If-None-Match names this validator; weak ones compare as strong ones do here."""
    if given is None:
        return False
    named = {part.strip().removeprefix("W/") for part in given.split(",")}
    return etag in named or "*" in named
