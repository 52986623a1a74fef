"""The token of a controller that cannot send a bearer's: Flagger's and Grafana's basic form."""

from __future__ import annotations

import base64
import binascii

from fastapi import Request

from harness.server.auth import Caller, address_of, secret_of
from harness.server.service import Service


async def admit(service: Service, request: Request, scope: str) -> Caller:
    """Let in whoever brings a bearer token, or a token as the password of basic credentials.

    Raises ApiError: 401, 403, 429.
    """
    secret = _password(request.headers.get("authorization", "")) or secret_of(request)
    return await service.door.check(secret, scope, address_of(request), service.clock().timestamp())


def _password(header: str) -> str | None:
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(coded.strip(), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return text.partition(":")[2] or None
