"""How a report comes in: from somebody with a token, or signed by a key that is trusted."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from harness.ledger import Entry
from harness.report.flat import one_line
from harness.report.signing.envelope import SignatureError, open_envelope
from harness.report.signing.keys import read_public
from harness.report.signing.statements import report_of
from harness.server.auth import secret_of
from harness.server.errors import ApiError
from harness.server.rendering import to_json
from harness.server.service import Service

REPORT = "application/json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
_ENVELOPES = (ENVELOPE, "application/vnd.dsse+json")
_AT_ONCE = 8  # bodies of strangers
_HINT = f"send the report as {REPORT}, or its signed statement as {ENVELOPE}"


class Intake:
    """Takes reports for a service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._keys = [read_public(Path(key)) for key in service.settings.trusted_keys]
        self._strangers = asyncio.Semaphore(_AT_ONCE)

    async def take(self, request: Request) -> Response:
        """Store what came: 201 for a new report, 200 for one that was there. Raises ApiError."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (REPORT, *_ENVELOPES):
            raise ApiError(415, f"a body of the kind {kind[:60]!r}", _HINT)
        if request.headers.get("content-encoding", "identity") != "identity":
            raise ApiError(415, "a compressed body", "send it as it is")
        publisher = await self._publisher(request, signed=kind in _ENVELOPES)
        body = await self._body(request, known=bool(publisher))
        content, key = body, ""
        if kind in _ENVELOPES:
            content, key = await run_in_threadpool(self._opened, body)
        entry, new = await run_in_threadpool(self._add, content, publisher or f"key {key}", key)
        return _stored(entry, new, self._service.settings.url or "")

    async def _publisher(self, request: Request, *, signed: bool) -> str:
        """Name of the token; empty where the signature has to do."""
        now = self._service.clock().timestamp()
        if signed and self._keys and secret_of(request) is None:
            await self._service.door.stranger(request)
            return ""
        return (await self._service.door.admit(request, "publish", now)).name

    async def _body(self, request: Request, *, known: bool) -> bytes:
        """What was sent. Of strangers only a few may fill the memory before they prove anything."""
        if known:
            return await request.body()
        if self._strangers.locked():
            busy = f"{_AT_ONCE} others without a token are sending"
            raise ApiError(429, busy, "come again, or send a token", {"Retry-After": "2"})
        async with self._strangers:
            return await request.body()

    def _opened(self, body: bytes) -> tuple[bytes, str]:
        try:
            opened = open_envelope(body, self._keys)
        except SignatureError as problem:
            hint = "server.toml: trusted_keys names the keys whose signature counts"
            raise ApiError(401, one_line(str(problem)), hint) from None
        return report_of(opened)[1], opened.keyid

    def _add(self, content: bytes, publisher: str, key: str) -> tuple[Entry, bool]:
        most = self._service.settings.max_report_bytes
        if len(content) > most:
            raise ApiError(
                413, f"the report is larger than {most} bytes", "server.toml: report_bytes"
            )
        return self._service.ledger.add(
            content, publisher=publisher, signed_by=key, now=self._service.clock()
        )


def _stored(entry: Entry, new: bool, url: str) -> Response:
    told = {
        "id": entry.id,
        "verdict": entry.verdict,
        "new": new,
        "report_url": f"{url}/reports/{entry.id}",
    }
    headers = {"Location": f"/v1/reports/{entry.id}", "ETag": f'"{entry.id}"'}
    return Response(to_json(told), 201 if new else 200, headers, "application/json")
