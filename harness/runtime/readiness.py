"""Readiness: the ready path answers 200, then one real inference succeeds; else why not."""

from __future__ import annotations

import re
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from harness.model import Exit, Startup
from harness.runtime.endpoint import Endpoint

if TYPE_CHECKING:
    from http.client import HTTPResponse

Unready = Callable[[int, bytes], str]  # (status, body) -> why it is not ready, or ""

_FIRST_PAUSE, _LONGEST_PAUSE, _FACTOR = 0.02, 0.2, 1.4  # seconds, seconds, growth of the pauses
_ONE_ANSWER = 5.0  # seconds that one answer of the ready path may take
_BODY = 64 * 1024  # bytes of that answer that are looked at
_LOGS = 64 * 1024
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception)(?:: .*)?")
_LAST_WORDS = 300

_NETWORK = re.compile(
    r"name resolution|name or service not known|getaddrinfo|gaierror|could not resolve"
    r"|no route to host|network is unreachable|newconnectionerror|max retries exceeded"
    r"|enotfound|eai_again|ehostunreach|enetunreach|no such host|unknownhostexception",
    re.IGNORECASE,
)
# What the candidate's last words most often mean; the first that is found.
_SAYINGS = (
    (r"exec format error", "the image is built for another processor: build it for this platform"),
    (
        r"read-only file system",
        "it writes outside of /tmp: write below /tmp, or to a volume that you declare",
    ),
    (
        r"operation not permitted|permission denied",
        "all capabilities are dropped and no privileges can be gained: start as the user that "
        "serves, with the files that it needs readable by that user",
    ),
    (
        r"address already in use",
        "its port is taken: listen on candidate.port, in a local process on {port} or $PORT",
    ),
)


class Said(NamedTuple):
    """What came of asking once whether a candidate is ready."""

    why: str  # it is not; "" where it is
    answered: bool  # whether an answer came at all


@dataclass(frozen=True, slots=True)
class ReadyPath:
    """Where a candidate says whether it is ready, and how its answer is read."""

    path: str
    unready: Unready | None = None  # None: 200 is ready

    def ask(self, base_url: str, left: float) -> Said:
        """GET it once on a connection of its own, `left` seconds at most; follows no redirect."""
        import http.client

        parts = urllib.parse.urlsplit(base_url)
        https = parts.scheme == "https"
        kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
        timeout = min(_ONE_ANSWER, max(left, 0.1))
        connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request("GET", parts.path + self.path, headers={"Connection": "close"})
            response = connection.getresponse()
            status = response.status
            body = b"" if self.unready is None else _beginning(response)
        except (OSError, http.client.HTTPException) as problem:
            return Said(f"GET {self.path}: {str(problem) or type(problem).__name__}", False)
        finally:
            connection.close()
        if self.unready is None:
            wrong = f"answered {status}, expected 200" if status != 200 else ""
        else:
            wrong = self.unready(status, body)
        return Said(f"GET {self.path} {wrong}" if wrong else "", True)


def wait_ready(
    endpoint: Endpoint,
    ready_path: str | None,
    within: float,
    probe: Callable[[str], str],
    unready: Unready | None = None,
) -> Startup:
    """Ask until it answers, has died, or `within` seconds since its start are over.

    First `ready_path`, where there is one, until it answers 200, or what `unready(status, body)`
    has nothing to say against; then `probe(base_url)`, one real inference, until it returns "":
    any other text says why not. Never raises for what the candidate does; EngineError where the
    engine fails.
    """
    began: float = getattr(endpoint, "started_at", time.monotonic())
    ends = began + within
    pause, why, said_ready = _FIRST_PAUSE, "", None
    early: list[str] = []  # the inferences that failed after the ready path had said ready
    asked_for = None if ready_path is None else ReadyPath(ready_path, unready)
    while True:
        if asked_for is not None and said_ready is None:
            why = asked_for.ask(endpoint.base_url, ends - time.monotonic()).why
            said_ready = None if why else time.monotonic() - began
        if asked_for is None or said_ready is not None:
            why = probe(endpoint.base_url)
            early += [why] if why and asked_for is not None else []
        seconds = time.monotonic() - began
        if not why:
            logs = endpoint.logs()[-_LOGS:]
            return Startup(True, seconds, said_ready, tuple(early), logs=logs)
        if not endpoint.running():
            return _died(endpoint, seconds)
        if time.monotonic() >= ends:
            return _late(endpoint, seconds, within, why)
        time.sleep(max(0.0, min(pause, ends - time.monotonic())))
        pause = min(pause * _FACTOR, _LONGEST_PAUSE)


def _beginning(response: HTTPResponse) -> bytes:
    """As much of the body as is looked at, and as comes in time."""
    ends = time.monotonic() + _ONE_ANSWER
    body = b""
    while len(body) < _BODY and time.monotonic() < ends:
        piece = response.read1(_BODY)
        if not piece:
            break
        body += piece
    return body


def _died(endpoint: Endpoint, seconds: float) -> Startup:
    ended = endpoint.exit() or Exit(code=None, seconds=0.0)
    logs = endpoint.logs()[-_LOGS:]
    said = _last_words(logs)
    how = f"exit code {ended.code}" if ended.code is not None else "an unknown exit code"
    cause = ", killed for memory (out of memory)" if ended.oom_killed else ""
    return Startup(
        ready=False,
        seconds=seconds,
        reason=f"ended with {how}{cause} after {seconds:.1f} s" + (f": {said}" if said else ""),
        hint=_hint_of_the_dead(endpoint, ended, logs),
        logs=logs,
        exit_code=ended.code,
        oom_killed=ended.oom_killed,
    )


def _late(endpoint: Endpoint, seconds: float, within: float, why: str) -> Startup:
    logs = endpoint.logs()[-_LOGS:]
    said = _last_words(logs)
    return Startup(
        ready=False,
        seconds=seconds,
        reason=f"not ready within {within:g} s: {why}" + (f"; last words: {said}" if said else ""),
        hint=_network_hint(endpoint, logs) or _saying(logs) or _silence_hint(why),
        logs=logs,
    )


def _hint_of_the_dead(endpoint: Endpoint, ended: Exit, logs: str) -> str:
    if ended.oom_killed:
        return "raise candidate.resources.memory, or load a smaller model"
    network = _network_hint(endpoint, logs)
    if network or _saying(logs):
        return network or _saying(logs)
    if ended.code == 127:
        return "the command was not found: look at ENTRYPOINT and CMD, or candidate.command"
    if ended.code == 126:
        return "the command is not executable: look at its mode and its first line"
    if ended.code == 0:
        return "the command ended by itself: the server must run in the foreground"
    return "start it by hand with the same environment and look at its log"


def _network_hint(endpoint: Endpoint, logs: str) -> str:
    if not getattr(endpoint, "offline", False) or not _NETWORK.search(logs):
        return ""
    return (
        "it tried to reach the network, and has no way out: put the model into the image, "
        'or ask for network = "open"'
    )


def _saying(logs: str) -> str:
    tail = logs[-4096:].lower()
    return next((hint for pattern, hint in _SAYINGS if re.search(pattern, tail)), "")


def _silence_hint(why: str) -> str:
    if re.search(r"refused|reset|closed connection|without response|timed out", why, re.IGNORECASE):
        return "listen on 0.0.0.0, not on 127.0.0.1, inside the container, and on candidate.port"
    return "give it more time with candidate.ready.within, or look at its log"


def _last_words(logs: str) -> str:
    """The last lines that say something, on one line."""
    lines = [line.strip() for line in logs[-4096:].splitlines() if line.strip()]
    last = lines[-3:]
    # Process managers go on talking after the exception that tells why.
    raised = next((line for line in reversed(lines) if _RAISED.fullmatch(line)), None)
    if raised is not None and raised not in last:
        last = [raised, *last[-1:]]
    said = " | ".join(last)
    return said if len(said) <= _LAST_WORDS else "..." + said[-_LAST_WORDS:]
