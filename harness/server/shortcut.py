"""A verdict that is polled: its very bytes again, for as long as nothing can have changed it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.ledger import LedgerError
from harness.server.auth import Caller
from harness.server.service import Service

_PATH = "/v1/gate"
_LONGEST = 600  # bytes of what an answer is kept under
_OTHERWISE = {b"cookie", b"if-none-match", b"range"}  # such a request takes the long way
_STAYS = "releasegate.stays"


@dataclass(frozen=True, slots=True)
class _Kept:
    messages: tuple[Message, ...]
    token: str | None  # id of the one that it was told to; None: reading is open


def stays(request: Request, caller: Caller, until: dt.datetime | None) -> None:
    """Say of the answer to a request that only time or a write to the ledger can change it."""
    token = caller.token
    moments = (until, token.expires_at if token else None)
    ends = min((moment for moment in moments if moment is not None), default=None)
    request.scope[_STAYS] = (ends, token.id if token else None)


class Shortcut:
    """An ASGI middleware around all others: what was sent is sent again, unseen by the framework.

    It is kept under the request's path, query and Authorization, in the memory that forgets with
    each write to the ledger: a token that is revoked or a report that comes in ends it at once.
    How often a token may ask is counted here as there.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service, key = self._service, _key(scope)
        state = None if key is None else _quietly(service.memory.state)
        if state is None:
            return await self._app(scope, receive, send)
        kept = service.memory.get(key, state, service.clock().timestamp())
        if kept is None or not service.door.again(kept.token, scope):
            sent: list[Message] = []

            async def noted(message: Message) -> None:
                sent.append(message)
                await send(message)

            await self._app(scope, receive, noted)
            return self._keep(key, state, scope, tuple(sent))
        service.tally[200] += 1
        for message in kept.messages:
            await send(message)

    def _keep(self, key: Any, state: int, scope: Scope, sent: tuple[Message, ...]) -> None:
        if _STAYS not in scope or sent[0]["status"] != 200 or sent[-1].get("more_body"):
            return
        until, token = scope[_STAYS]
        ends = float("inf") if until is None else until.timestamp()
        self._service.memory.put(key, state, ends, _Kept(sent, token))


def _quietly(state: Callable[[], int | None]) -> int | None:
    """The state of the ledger; None where it does not answer, which the long way will tell."""
    try:
        return state()
    except LedgerError:
        return None


def _key(scope: Scope) -> tuple[str, bytes] | None:
    """What an answer is kept under; None for a request that is not of the polled kind."""
    if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(_PATH):
        return None
    parts = [scope["raw_path"], scope["query_string"]]
    for name, value in scope["headers"]:
        if name in _OTHERWISE:
            return None
        if name == b"authorization":
            parts.append(value)
    if len(parts) > 3 or sum(map(len, parts)) > _LONGEST:
        return None
    return "sent", hashlib.sha256(b"\0".join(parts)).digest()  # the secret itself is not kept
