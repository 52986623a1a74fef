"""Who asks: a bearer token and what it may do, at a rate that is its own."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from math import ceil

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from harness.ledger import Ledger, Token
from harness.server.errors import ApiError
from harness.server.limits import Buckets
from harness.server.memory import Memory
from harness.server.settings import Settings
from harness.units import in_base

COOKIE = "releasegate"  # the token of somebody who looks at the pages
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_HINT = "send `Authorization: Bearer rg_...`; `gate token create` makes one"
_LONGEST = 200  # characters; a secret of ours is shorter


@dataclass(frozen=True, slots=True)
class Caller:
    """Who was let in."""

    name: str  # of the token; empty for a stranger where reading is open
    token: Token | None = None


class Door:
    """Lets in whoever may; remembers tokens for as long as the ledger does not change."""

    def __init__(self, ledger: Ledger, settings: Settings, memory: Memory) -> None:
        rates = settings.rates
        self._ledger, self._memory = ledger, memory
        self._open = settings.read == "open"
        self._reads = Buckets(in_base(rates.read, "rate"))
        self._writes = Buckets(in_base(rates.write, "rate"))
        self._strangers = Buckets(in_base(rates.stranger, "rate"))

    async def admit(self, request: Request, scope: str, now: float) -> Caller:
        """Whoever sent this request, if they may do this. Raises ApiError: 401, 403, 429."""
        return await self.check(secret_of(request), scope, address_of(request), now)

    async def check(self, secret: str | None, scope: str, address: str, now: float) -> Caller:
        """The same for a secret that came another way, like Flagger's in its metadata.

        `scope` is read, publish, announce, promote or admin; `now` in seconds since 1970.
        """
        if secret is None and scope == "read" and self._open:
            _pause(self._reads.take(address))
            return Caller("")
        token = None if secret is None else await self._token(secret, now)
        if token is None:
            _pause(self._strangers.take(address))
            wrong = "no token" if secret is None else "the token is none, revoked or expired"
            expected = f"expected one with the scope {scope!r}"
            raise ApiError(401, f"{wrong}, {expected}", _HINT, _CHALLENGE)
        _pause((self._reads if scope == "read" else self._writes).take(token.id))
        if scope not in token.scopes and "admin" not in token.scopes:
            has = ", ".join(token.scopes) or "none"
            raise ApiError(403, f"this token may not {scope}; its scopes: {has}", _HINT)
        return Caller(token.name, token)

    def again(self, token: str | None, scope: Scope) -> bool:
        """Whether one who was let in to read a moment ago may ask once more; counts as asking.

        `token` is the id of theirs, None where reading is open.
        """
        client = scope.get("client")
        return self._reads.take(token or (client[0] if client else "")) == 0

    async def stranger(self, request: Request) -> None:
        """Count somebody who brings no token and needs none. Raises ApiError: 429."""
        _pause(self._strangers.take(address_of(request)))

    async def _token(self, secret: str, now: float) -> Token | None:
        if len(secret) > _LONGEST or not secret.isascii():
            return None
        key = "token", hashlib.sha256(secret.encode()).digest()  # the secret itself is not kept
        state, moment = self._memory.state(), dt.datetime.fromtimestamp(now, dt.UTC)
        known: Token | None = self._memory.get(key, state, now)
        if known is not None:
            return known
        token = await run_in_threadpool(self._ledger.find_token, secret, now=moment)
        if token is not None:  # what is none is not kept: anybody could fill the memory with that
            ends = token.expires_at.timestamp() if token.expires_at else float("inf")
            self._memory.put(key, state, ends, token)
        return token


def secret_of(request: Request) -> str | None:
    """The token of a request: its bearer's, or for a look at something the cookie's."""
    given = request.headers.get("authorization")
    if given is not None:
        scheme, _, secret = given.partition(" ")
        return secret.strip() if scheme.lower() == "bearer" else ""
    if request.method not in ("GET", "HEAD") or "cookie" not in request.headers:
        return None  # a form of another site would bring the cookie along
    return request.cookies.get(COOKIE)


def address_of(request: Request) -> str:
    """The other end's address, for counting."""
    return request.client.host if request.client else ""


def _pause(seconds: float) -> None:
    if seconds > 0:
        wait = str(max(1, ceil(seconds)))
        hint = "server.toml: [rates] says how often one may ask"
        raise ApiError(429, "asked too often", hint, {"Retry-After": wait})
