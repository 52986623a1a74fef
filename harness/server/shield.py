"""Around every answer: headers that keep browsers strict, a bound for bodies, and a tally."""

from __future__ import annotations

import asyncio
from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.server.errors import ApiError, complain

SMALL = 1024 * 1024  # bytes of a body, where a path has no bound of its own
_BODY_S = 30.0  # a body that takes longer than that is a drip
_STRICT = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}


class Shield:
    """An ASGI middleware; a header that the answer has already is left as it is."""

    def __init__(self, app: ASGIApp, tally: Counter[int], larger: dict[str, int]) -> None:
        self._app, self._tally, self._larger = app, tally, larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._guarded(scope, receive, send)
        except Exception:  # a defect, which Starlette answers outside of here
            self._tally[500] += 1
            raise

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._tally[message["status"]] += 1
                headers = message["headers"]
                present = {name.lower() for name, _ in headers}
                message["headers"] = headers + [
                    row for row in _STRICT.items() if row[0] not in present
                ]
            await send(message)

        if scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, strict)
            return
        bound = self._larger.get(scope["path"], SMALL)
        if _length(scope) > bound:
            await complain(413, *_too_large(bound))(scope, receive, strict)
            return
        await self._app(scope, _bounded(receive, bound), strict)


def _bounded(receive: Receive, bound: int) -> Receive:
    """`receive` that gives up on a body beyond the bound, or beyond its time."""
    taken = 0
    ends = asyncio.get_running_loop().time() + _BODY_S
    whole = False

    async def next_part() -> Message:
        nonlocal taken, whole
        if whole:  # what comes now is the end of the connection, however late
            return await receive()
        try:
            async with asyncio.timeout_at(ends):
                message = await receive()
        except TimeoutError:
            raise ApiError(408, f"the body took longer than {_BODY_S:.0f} s") from None
        taken += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if taken > bound:
            raise ApiError(413, *_too_large(bound), {"Connection": "close"})
        return message

    return next_part


def _length(scope: Scope) -> int:
    """What Content-Length says; 0 where it says nothing: the server has refused all else."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) < 19:
            return int(value)
    return 0


def _too_large(bound: int) -> tuple[str, str]:
    return f"the body is larger than {bound} bytes", "server.toml: report_bytes is for reports"
