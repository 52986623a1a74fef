"""Replay of recorded traffic: a file of JSON lines or a HAR, with its own timing and requests."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from harness.load.errors import LoadError
from harness.load.planned.arrivals import Times, apart

MOST_REQUESTS = 1_000_000
MOST_BYTES = 256 * 1024 * 1024  # of the file, and of the bodies in it
_LOCAL = ("host", "content-length", "connection", "transfer-encoding", "accept-encoding")


@dataclass(frozen=True, slots=True)
class Sent:
    """One recorded request."""

    at: float  # seconds, from any zero
    method: str
    path: str  # with its query
    headers: Mapping[str, str]
    body: bytes
    status: int | None = None  # of the recorded answer, where there is one

    def as_json(self) -> dict[str, Any]:
        """A line of the file of requests."""
        body = base64.b64encode(self.body).decode("ascii")
        line = {"method": self.method, "path": self.path, "headers": dict(self.headers)}
        expected = {} if self.status is None else {"status": self.status}
        name = f"{self.method} {urlsplit(self.path).path}"
        return {**line, "name": name, "body": body, **expected}


@dataclass(frozen=True, slots=True)
class Trace:
    """Recorded requests in order of time."""

    path: Path
    requests: tuple[Sent, ...]

    def times(self, speed: float) -> Times:
        """Planned starts in seconds, the first one at zero, at `speed` times the recorded pace."""
        at = np.array([request.at for request in self.requests], dtype=np.float64)
        return apart((at - at[0]) / speed)

    def write(self, path: Path) -> None:
        """Leave the requests for Locust's process, one JSON line each."""
        with path.open("w", encoding="utf-8") as file:
            for request in self.requests:
                file.write(json.dumps(request.as_json()) + "\n")

    def asking(self, wanted: Container[tuple[str, str]]) -> frozenset[int]:
        """Indices of the requests with one of these methods and paths."""
        found = enumerate(self.requests)
        return frozenset(i for i, sent in found if (sent.method, sent.path) in wanted)


def read(path: Path) -> Trace:
    """The recorded traffic of a `.jsonl` or `.har` file, in order of time.

    A line of JSON lines is {"at": seconds, "method", "path", "headers", "body" or "json",
    "status"}; all but "at" and "path" may be missing. A recorded status, in either kind of file,
    is what the request has to be answered with. Raises LoadError, with the line or the entry, for
    a file that is empty, too large, not ascending in time, or that asks more than one host.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise LoadError(f"{path}: {size} bytes, expected at most {MOST_BYTES}: cut it")
        found = list(_har(path) if path.suffix.lower() == ".har" else _lines(path))
    except (OSError, UnicodeDecodeError) as problem:
        raise LoadError(f"{path}: it cannot be read: {problem}") from None
    if not found:
        raise LoadError(f"{path}: it holds no request")
    if len(found) > MOST_REQUESTS:
        raise LoadError(f"{path}: {len(found)} requests, expected at most {MOST_REQUESTS}: cut it")
    return Trace(path, tuple(found))


def _lines(path: Path) -> Iterator[Sent]:
    before = -math.inf
    with path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, start=1):
            if not text.strip():
                continue
            where = f"{path}:{number}"
            try:
                line = json.loads(text)
            except (ValueError, RecursionError) as problem:
                raise LoadError(f"{where}: not JSON: {problem}") from None
            sent = _sent(line, where)
            if sent.at < before:
                raise LoadError(
                    f'{where}: "at" is {sent.at:g} after {before:g} on the line before: sort the '
                    "lines by time"
                )
            before = sent.at
            yield sent


def _sent(line: Any, where: str) -> Sent:
    if not isinstance(line, dict):
        raise LoadError(f'{where}: expected an object like {{"at": 0.25, "path": "/predict"}}')
    at = line.get("at")
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
        raise LoadError(f'{where}: "at" is {at!r}, expected seconds')
    headers = line.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise LoadError(f'{where}: "headers" are {headers!r}, expected texts by name')
    if "body" in line and "json" in line:
        raise LoadError(f'{where}: "body" and "json" exclude each other')
    if "json" in line:
        body = json.dumps(line["json"]).encode()
        headers = {"Content-Type": "application/json", **headers}
    else:
        body = str(line.get("body", "")).encode()
    method = line.get("method", "POST" if body else "GET")
    if not isinstance(method, str) or not method.isalpha():
        raise LoadError(f'{where}: "method" is {method!r}, expected one like "POST"')
    path, status = _path(line.get("path"), where), line.get("status")
    if status is not None and _status(status) is None:
        raise LoadError(f'{where}: "status" is {status!r}, expected one like 200')
    try:
        return Sent(float(at), method, path, _kept(headers), body, _status(status))
    except ValueError as problem:
        raise LoadError(f"{where}: {problem}") from None


def _path(path: object, where: str) -> str:
    if isinstance(path, str) and path.startswith("/") and path.isascii() and path.isprintable():
        return path
    raise LoadError(
        f'{where}: "path" is {path!r}, expected one like "/predict": recorded traffic is sent to '
        "the candidate, and nowhere else"
    )


def _har(path: Path) -> Iterator[Sent]:
    """HTTP Archive 1.2; entries come in any order."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))["log"]["entries"]
        found = [_entry(entry) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise LoadError(
            f"{path}: not an HTTP Archive: {type(problem).__name__}: {problem}"
        ) from None
    hosts = sorted({host for host, _ in found})
    if len(hosts) > 1:
        raise LoadError(
            f"{path}: it asks {len(hosts)} hosts ({', '.join(hosts[:5])}): expected the requests "
            "to one service; leave the others out"
        )
    yield from sorted((sent for _, sent in found), key=lambda sent: sent.at)


def _entry(entry: Mapping[str, Any]) -> tuple[str, Sent]:
    request = entry["request"]
    url = urlsplit(request["url"])
    began = dt.datetime.fromisoformat(entry["startedDateTime"].replace("Z", "+00:00"))
    posted = request.get("postData") or {}
    text = posted.get("text", "")
    body = base64.b64decode(text) if posted.get("encoding") == "base64" else text.encode()
    headers = {item["name"]: item["value"] for item in request.get("headers", [])}
    target = url.path + (f"?{url.query}" if url.query else "")
    path = _path(target or "/", request["url"])
    status = _status((entry.get("response") or {}).get("status"))
    sent = Sent(began.timestamp(), request["method"], path, _kept(headers), body, status)
    return url.netloc, sent


def _status(given: Any) -> int | None:
    """A final status; None also for the 0 that archives have where no answer came."""
    whole = isinstance(given, int) and not isinstance(given, bool)
    return given if whole and 200 <= given <= 599 else None


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Without those that belong to the connection on which they were recorded.

    Raises ValueError for one that would end its line early.
    """
    for name, value in headers.items():
        if not f"{name}{value}".isprintable():
            raise ValueError(f"header {name!r} holds control characters")
    return {
        name: value
        for name, value in headers.items()
        if not name.startswith(":") and name.lower() not in _LOCAL
    }
