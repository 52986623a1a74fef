"""Asking a Prometheus for one number: bounded in size and time, and strict about the answer.

What goes wrong is told to whoever asked, so no address and no path of the settings is in it.
"""

from __future__ import annotations

import asyncio
import functools
import math
import ssl
from pathlib import Path
from typing import Any

from harness.errors import GateError, ReportError
from harness.report.reading import strict
from harness.server.controllers.settings import Source
from harness.units import in_base

MAX_BYTES = 1024 * 1024
_AT_ONCE = 8


class SourceError(GateError):
    """A Prometheus did not answer, or not with one number."""


async def counts(source: Source, queries: list[str]) -> list[float | SourceError | None]:
    """One count for each query; None where there is no such series, else why there is none."""
    import httpx

    try:
        headers = _headers(source)
    except SourceError as problem:
        return [problem] * len(queries)
    limit = asyncio.Semaphore(_AT_ONCE)
    async with httpx.AsyncClient(headers=headers, verify=_tls()) as client:

        async def one(query: str) -> float | SourceError | None:
            async with limit:
                try:
                    return _count(await _ask(client, source, query))
                except SourceError as problem:
                    return problem

        return list(await asyncio.gather(*(one(query) for query in queries)))


@functools.cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates of this machine takes longer than most queries: once is enough."""
    import httpx

    return httpx.create_ssl_context()


def _headers(source: Source) -> dict[str, str]:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if source.token_file is None:
        return headers
    try:
        token = Path(source.token_file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise SourceError("the source's token_file cannot be read") from None
    if not token.isprintable() or " " in token or not token:
        raise SourceError("the source's token_file: expected a token in one line")
    return {**headers, "Authorization": f"Bearer {token}"}


async def _ask(client: Any, source: Source, query: str) -> tuple[int, bytes]:
    """Status and body of one query."""
    import httpx

    seconds = in_base(source.timeout, "time")
    address = f"{source.url}/api/v1/query"
    try:
        async with asyncio.timeout(seconds):
            async with client.stream(
                "GET", address, params={"query": query}, timeout=seconds
            ) as answer:
                body = bytearray()
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > MAX_BYTES:
                        raise SourceError("the source answers with more than 1 MiB")
                return int(answer.status_code), bytes(body)
    except TimeoutError:
        raise SourceError(f"the source does not answer within {source.timeout}") from None
    except httpx.TimeoutException:
        raise SourceError(f"the source does not answer within {source.timeout}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise SourceError(f"the source cannot be reached: {problem}") from None


def _count(answer: tuple[int, bytes]) -> float | None:
    """The one number of an answer of /api/v1/query."""
    status, content = answer
    try:
        body = strict(content)
    except ReportError as problem:
        raise SourceError(f"the source answers {status} with what is not JSON: {problem}") from None
    if status != 200 or not isinstance(body, dict) or body.get("status") != "success":
        said = body.get("error") if isinstance(body, dict) else None
        raise SourceError(f"the source answers {status}: {str(said)[:200]}")
    data = body.get("data")
    kind = data.get("resultType") if isinstance(data, dict) else None
    found = data.get("result") if isinstance(data, dict) else None
    if kind == "scalar":
        return _number(found)
    if kind != "vector" or not isinstance(found, list):
        raise SourceError(
            f"the source answers with a {str(kind)[:40]}, expected a vector or a scalar"
        )
    if len(found) > 1:
        raise SourceError(
            f"the source answers with {len(found)} series, expected one: use sum(...)"
        )
    return _number(found[0].get("value") if isinstance(found[0], dict) else None) if found else None


def _number(sample: Any) -> float:
    text = sample[1] if isinstance(sample, list) and len(sample) == 2 else None
    try:
        value = float(text) if isinstance(text, str) else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise SourceError(f"the source answers with {str(text)[:40]!r}, expected a finite count")
    return value
