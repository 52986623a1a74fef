"""Speaking to a `gate serve`: bounded, without redirects, and again where it says so."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from harness.errors import ConfigError, GateError
from harness.report import parse, printable

SERVER = "RELEASEGATE_SERVER"
TOKEN = "RELEASEGATE_TOKEN"
REPORT = "application/json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
_AGAIN = (429, 502, 503, 504)
_TIMES = 4
_LONGEST = 10.0  # seconds between two attempts
_ANSWER = 64 * 1024  # bytes
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service is, and the token for it."""

    url: str
    token: str | None

    def send(
        self, method: str, path: str, body: bytes, kind: str = REPORT, *, timeout: float = 30.0
    ) -> dict[str, Any]:
        """One request; the document of its answer, all within `timeout` seconds.

        Raises GateError for anything but success.
        """
        headers = {"Content-Type": kind, "User-Agent": "releasegate"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            answer = _within(timeout, lambda: _exchanged(request, timeout))
        except (OSError, ValueError, http.client.HTTPException) as problem:
            said = getattr(problem, "reason", None) or str(problem) or f"not within {timeout:g} s"
            reason = printable(str(said))[:300]
            raise _Away(f"{self.url} does not answer: {reason}; does `gate serve` run?") from None
        if 200 <= answer.status < 300:
            return _document(answer.content)
        raise _refusal(self.url, answer)

    def publish(
        self, content: bytes, kind: str = REPORT, *, timeout: float = 60.0
    ) -> dict[str, Any]:
        """Store a report, or a signed statement that holds one; several attempts. Raises GateError.

        Sending it twice is as good as once. The answer has `id`, `verdict`, `new`, `report_url`.
        """
        for attempt in range(1, _TIMES + 1):
            try:
                told = self.send("POST", "/v1/reports", content, kind, timeout=timeout)
                break
            except _Away as problem:
                if attempt == _TIMES:
                    raise
                time.sleep(min(_LONGEST, problem.after or 0.25 * 2**attempt))
        if not isinstance(told.get("id"), str):  # a page of somebody's login, say
            raise GateError(f"{self.url} does not say that it has the report; is it `gate serve`?")
        return told

    def page(self, told: dict[str, Any]) -> str:
        """Where people see the report whose publishing was answered so."""
        return f"{self.url}/reports/{told.get('id')}"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back."""

    status: int
    reason: str
    after: str  # Retry-After
    content: bytes


def service(url: str | None, token_file: str | None = None) -> Service:
    """The service at `url`, or at RELEASEGATE_SERVER.

    Its token is in the file, or in RELEASEGATE_TOKEN; a signed statement may need none. Raises
    ConfigError.
    """
    url = url or os.environ.get(SERVER)
    if not url:
        raise ConfigError(f"no service: expected --to URL, or {SERVER} in the environment")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        named = "@" in parts.netloc
    except ValueError:  # a port that is no number
        usable = named = False
    if named:  # it would stand in every message
        raise ConfigError("the service's address has a user in it, expected a token beside it")
    if not usable:
        raise ConfigError(f"{url!r} is no address, expected one like 'https://gate.example.com'")
    return Service(url.rstrip("/"), _token(token_file))


def publish(report: str, url: str | None, token_file: str | None, *, envelope: bool) -> None:
    """`gate publish`. Raises ReportError for what is no report, ConfigError, GateError."""
    there = service(url, token_file)
    path = Path(report)
    path = path / ("report.intoto.json" if envelope else "report.json") if path.is_dir() else path
    content = _content(path)
    if not envelope:
        parse(content)
    told = there.publish(content, ENVELOPE if envelope else REPORT)
    new = "published" if told.get("new") else "was published already"
    print(printable(f"{path}: {new}, {told.get('verdict')}: {there.page(told)}"))


class _Away(GateError):
    """The service cannot answer now, and may later: `after` so many seconds, where it says."""

    after: float | None = None


def _within(seconds: float, work: Callable[[], _Found]) -> _Found:
    """What `work` returns or raises; TimeoutError where it takes longer.

    The time-out of a socket bounds each read alone, and no look-up of a name: an answer that
    drips would hold a run for hours.
    """
    found: Future[_Found] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as problem:
            found.set_exception(problem)

    threading.Thread(target=run, name="exchange", daemon=True).start()
    return found.result(seconds)


def _exchanged(request: urllib.request.Request, timeout: float) -> _Answer:
    """What is answered, whatever the status. Raises OSError, HTTPException, ValueError."""
    try:
        answer = _OPENER.open(request, timeout=timeout)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        after = answer.headers.get("Retry-After", "")
        return _Answer(answer.status, answer.reason, after, answer.read(_ANSWER))


def _refusal(url: str, refused: _Answer) -> GateError:
    """What it said, as an error; one that may pass is worth another attempt."""
    told = _document(refused.content)
    said = "; ".join(str(told[key]) for key in ("error", "hint") if told.get(key))
    message = f"{url} answers {refused.status}: {printable(said or refused.reason)[:500]}"
    if refused.status not in _AGAIN:
        return GateError(message)
    away = _Away(message)
    after = refused.after
    away.after = float(after) if after.isdecimal() and len(after) < 6 else None
    return away


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token elsewhere: it is an error with its status."""

    def redirect_request(self, *args: Any, **options: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


def _document(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None


def _token(file: str | None) -> str | None:
    if file is None:
        token = os.environ.get(TOKEN, "").strip()
    else:
        token = _content(Path(file)).decode("ascii", "replace").strip()
    if not token:
        return None
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(f"{file or TOKEN}: holds no token, expected one like rg_...")
    return token
