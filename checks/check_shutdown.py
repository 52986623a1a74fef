"""Shutdown: told to stop, the candidate finishes what it has begun and ends by itself."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
import urllib.parse
from dataclasses import dataclass

import pytest

from harness import EngineError, Exit, Finding, Measurement, Severity, check
from harness.config import Gate
from harness.contract import Contract, Prepared, send
from harness.runtime import Endpoint
from harness.units import in_base

_CLIENTS = 4  # that keep asking, as traffic does
_HELD = 2  # requests whose last byte is kept back until after the signal
_TAKEN_UP = 0.3  # seconds to say "100 Continue"
_BUSY = 0.25  # seconds of traffic before the signal
_LATER = 0.15  # seconds from the signal to the last byte of the held requests
_GOOD_CODES = (0, 143)  # ended by itself; 128 + SIGTERM

Observations = list[Measurement | Finding]


def _ours_to_stop(gate: Gate) -> str:
    return "a candidate given by url is not ours to stop" if gate.candidate.url is not None else ""


@check(
    limits={"lost_in_flight": "== 0", "exit_time": "<= 10 s"},
    measures=("in_flight", "answered", "refused", "interrupted"),
    applies=_ours_to_stop,
)
def check_graceful(endpoint: Endpoint, contract: Contract, gate: Gate) -> Observations:
    """Told to stop, it answers what is in flight and ends by itself, in time.

    In flight are requests of which the server has the head and most of the body when SIGTERM
    comes; the last byte follows after it. Traffic beside them may be refused from then on.
    """
    requests = contract.requests()
    if not requests:
        pytest.skip("the contract has no valid request to be in flight: give it examples")
    grace = in_base(gate.candidate.grace, "time")
    held = _hold(endpoint.base_url, requests)
    traffic = _Traffic(endpoint.base_url, requests, grace)
    try:
        traffic.start()
        time.sleep(_BUSY)
        signalled = time.monotonic()
        ended = _stop_and_finish(endpoint, held, grace)
    finally:
        traffic.end()
        for request in held:
            request.close()
    return [
        *_lost(held),
        *traffic.seen(signalled),
        Measurement("exit_time", ended.seconds, "s", n=1),
        *_end(ended, gate.candidate.grace),
    ]


class _Held:
    """A request of which everything but the last byte was sent."""

    def __init__(self, base_url: str, request: Prepared, expect: bool) -> None:
        parts = urllib.parse.urlsplit(base_url)
        address = (parts.hostname or "", parts.port or 80)
        self._socket = socket.create_connection(address, timeout=5.0)
        self._last = request.body[-1:]
        self.taken_up = False  # the server has said that it reads this request
        self.answered_early = False
        self.lost = ""  # why there is no answer
        headers = {
            "Host": parts.netloc,
            **request.headers,
            "Content-Length": str(len(request.body)),
            "Connection": "close",
            **({"Expect": "100-continue"} if expect else {}),
        }
        head = f"{request.method} {parts.path}{request.path} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        self._socket.sendall(head.encode("latin-1") + b"\r\n" + request.body[:-1])
        self._look(_TAKEN_UP if expect else _LATER)

    def finish(self, grace: float) -> None:
        """Send the last byte and read the answer, `grace` seconds at most."""
        response = http.client.HTTPResponse(self._socket)
        try:
            self._socket.settimeout(grace)
            self._socket.sendall(self._last)
            response.begin()
            response.read(1 << 20)
            if response.status >= 400:
                self.lost = f"answered {response.status}"
        except TimeoutError:
            self.lost = f"no answer within {grace:g} s"
        except (OSError, http.client.HTTPException) as problem:
            self.lost = f"{type(problem).__name__}: {problem}".rstrip(": ")
        finally:
            response.close()
            self.close()  # as a client does: servers wait for it before they end

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _look(self, within: float) -> None:
        self._socket.settimeout(within)
        said = b""
        with contextlib.suppress(TimeoutError):
            while b"\r\n\r\n" not in said and len(said) < 4096:
                byte = self._socket.recv(1)
                if not byte:
                    self.answered_early = True
                    return
                said += byte
        self.taken_up = said.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100"))
        self.answered_early = bool(said) and not self.taken_up


def _hold(base_url: str, requests: tuple[Prepared, ...]) -> list[_Held]:
    """Requests that the server has certainly begun to read.

    That is said by "100 Continue" (RFC 9110 section 10.1.1), or, of the first alone, known from
    the server being idle. One that may still wait in the listening queue is not held against it.
    """
    with_body = [request for request in requests if request.body]
    held: list[_Held] = []
    for number, request in enumerate(with_body[:1] * _HELD):
        one = _Held(base_url, request, expect=True)
        if one.answered_early and number == 0:
            one.close()  # it knows no "Expect"
            one = _Held(base_url, request, expect=False)
        if not one.answered_early and (one.taken_up or number == 0):
            held.append(one)
        else:
            one.close()
    return held


def _stop_and_finish(endpoint: Endpoint, held: list[_Held], grace: float) -> Exit:
    """SIGTERM, then the last bytes of what was held back; how the candidate ended."""
    ends: list[Exit] = []
    failures: list[EngineError] = []

    def stop() -> None:
        try:
            ends.append(endpoint.stop(grace))
        except EngineError as problem:
            failures.append(problem)

    stopping = threading.Thread(target=stop, daemon=True)
    stopping.start()
    time.sleep(_LATER)
    finishing = [threading.Thread(target=one.finish, args=(grace,), daemon=True) for one in held]
    for thread in finishing:
        thread.start()
    for thread in (*finishing, stopping):
        thread.join()
    if failures:
        raise failures[0]
    return ends[0]


@dataclass(frozen=True, slots=True)
class _Asked:
    sent: float
    ended: float
    answered: bool


class _Traffic:
    """A few clients that ask one request after the other, until they are told to end."""

    def __init__(self, base_url: str, requests: tuple[Prepared, ...], timeout: float) -> None:
        self._base_url = base_url
        self._requests = requests
        self._timeout = timeout
        self._over = threading.Event()
        self._asked: list[_Asked] = []
        self._threads = [
            threading.Thread(target=self._keep_asking, args=(number,), daemon=True)
            for number in range(_CLIENTS)
        ]

    def start(self) -> None:
        """Let the clients begin."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let each client finish its request."""
        self._over.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(self._timeout)

    def seen(self, signalled: float) -> Observations:
        """What became of the requests around the signal.

        Whoever asks in the instant of the signal may find the door closing: that is for the
        load balancer to avoid, and only worth a warning.
        """
        around = [asked for asked in self._asked if asked.ended >= signalled]
        late = [asked for asked in around if asked.sent >= signalled and not asked.answered]
        cut = [asked for asked in around if asked.sent < signalled and not asked.answered]
        found: Observations = [
            Measurement("answered", sum(a.answered for a in self._asked), n=len(self._asked)),
            Measurement("refused", len(late)),
            Measurement("interrupted", len(cut)),
        ]
        if cut:
            found.append(
                Finding(
                    "interrupted",
                    f"{len(cut)} of {_CLIENTS} clients that were asking when SIGTERM came got no"
                    " answer; they may have waited in the listening queue",
                    severity=Severity.WARNING,
                    expected="take no new connection, and answer those that were made",
                )
            )
        return found

    def _keep_asking(self, number: int) -> None:
        while not self._over.is_set():
            request = self._requests[number % len(self._requests)]
            number += 1
            sent = time.monotonic()
            answer = send(self._base_url, request, timeout=self._timeout)
            answered = answer.error is None and 0 < answer.status < 500
            self._asked.append(_Asked(sent, time.monotonic(), answered))
            if not answered:
                time.sleep(0.01)


def _lost(held: list[_Held]) -> Observations:
    lost = [one.lost for one in held if one.lost]
    seen: Observations = [
        Measurement("in_flight", len(held)),
        Measurement("lost_in_flight", len(lost), n=len(held)),
    ]
    if not held:
        seen.append(
            Finding(
                "nothing-in-flight",
                "no request could be held in flight: it answers before the body is complete",
                severity=Severity.DOUBT,
            )
        )
    if lost:
        seen.append(
            Finding(
                "lost-in-flight",
                f"{len(lost)} of {len(held)} requests in flight at SIGTERM were lost: {lost[0]}",
                expected="finish what was begun, then end",
                received=lost[0],
            )
        )
    return seen


def _end(ended: Exit, grace: str) -> list[Finding]:
    if ended.killed:
        return [
            Finding(
                "killed",
                f"it did not end within {grace} of SIGTERM and was killed; a shell as the first"
                " process does not pass SIGTERM on",
                expected='CMD in its exec form, ["gunicorn", ...], or `exec` in the start script',
                received="SIGKILL",
            )
        ]
    if ended.oom_killed:
        return [Finding("out-of-memory", "it was killed for memory while it was ending")]
    if ended.code not in _GOOD_CODES:
        return [
            Finding(
                "exit-code",
                f"it ended with exit code {ended.code} on SIGTERM",
                expected="0, or 143",
                received=str(ended.code),
            )
        ]
    return []
