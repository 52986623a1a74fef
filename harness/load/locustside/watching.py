"""Watching what users of a locustfile send: Locust's own events become rows of the record."""

from __future__ import annotations

import http.client
import time
import traceback
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import gevent

from harness.load.locustside import layout
from harness.load.locustside.dispenser import Ticket
from harness.load.locustside.http import Broken
from harness.load.locustside.recorder import Recorder
from harness.load.locustside.wire import OURS

_REASONS = (
    (http.client.RemoteDisconnected, layout.CLOSED),  # which is a ConnectionResetError too
    (ConnectionRefusedError, layout.REFUSED),
    (ConnectionResetError, layout.RESET),
    (BrokenPipeError, layout.RESET),
    (TimeoutError, layout.TIMEOUT),
    (http.client.IncompleteRead, layout.CLOSED),
    (http.client.HTTPException, layout.FRAMING),
)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Watcher:
    """Listens to the requests of users, who carry tickets, and to their exceptions."""

    def __init__(self, recorder: Recorder, carried: Mapping[Any, Ticket]) -> None:
        self._recorder = recorder
        self._carried = carried
        self._told = False
        self._hosts = {*_LOOPBACK}  # that may be put under load
        self._target = ""

    def listen(self, events: Any) -> None:
        """Hook it into Locust's events."""
        events.request.add_listener(self.request)
        events.user_error.add_listener(self.user_error)

    def aim(self, target: str) -> None:
        """From now on the endpoint is at this base URL: only what is sent there uses a ticket."""
        self._target = target.rstrip("/") + "/"
        self._hosts.add(urlsplit(target).hostname or "")

    def request(
        self,
        request_type: str,
        name: str,
        response_time: float | None,
        exception: BaseException | None = None,
        context: dict[str, Any] | None = None,
        response: Any = None,
        start_time: float | None = None,
        url: str | None = None,
        marks: int = 0,
        **_: Any,
    ) -> None:
        """One request of a user is done. The first of a task carries its ticket."""
        now = time.monotonic()
        label = f"{request_type} {name}"
        to_endpoint = url is None or url.startswith(self._target) or self._leads_there(url)
        ticket = self._carried.get((context or {}).get("releasegate_user") or _user())
        if ticket is not None and ticket.over:
            return  # its phase has ended without it
        sent, service = _times(now, response_time, start_time)
        failed = exception is not None
        status = _status(response)
        flags = marks
        if exception is not None:
            flags |= layout.FAILED | _why(exception, status)
        planned = sent
        if ticket is not None:
            ticket.failed = ticket.failed or failed
            if not ticket.used and to_endpoint:
                ticket.used, planned = True, ticket.planned
                sent = max(sent, ticket.taken)
                flags |= layout.TICKET | (layout.QUEUED if ticket.queued else 0)
        if exception is not None:
            text = f"{type(exception).__name__}: {exception}"
            self._recorder.failure(label, status, text)
            if any(getattr(problem, "errno", None) in OURS for problem in _causes(exception)):
                self._recorder.exhausted(text)
        self._recorder.add(planned, sent, service, status, self._recorder.name(label), flags)

    def user_error(self, user_instance: Any, exception: BaseException, tb: Any, **_: Any) -> None:
        """An exception left a task. After a failed request it is a consequence, else a defect."""
        # Locust passes the TaskSet where the exception came from one of its tasks.
        user = getattr(user_instance, "user", user_instance)
        ticket = self._carried.get(user)
        if self._told or (ticket is not None and ticket.failed):
            return
        self._told = True
        where = traceback.extract_tb(tb)[-1:]
        place = f" at {where[0].filename}:{where[0].lineno}" if where else ""
        text = f"{type(exception).__name__}: {exception}"[:500]
        self._recorder.event("task_error", message=f"{text}{place}")

    def _leads_there(self, url: str) -> bool:
        """Whether it is the endpoint under another name, which all of this machine's are."""
        asked, target = urlsplit(url), urlsplit(self._target)
        if asked.hostname not in self._hosts:
            message = f"it asked {asked.hostname}: only the endpoint may be put under load"
            self._recorder.event("error", message=message)
        local = {asked.hostname, target.hostname} <= _LOOPBACK
        return asked.port == target.port and (local or asked.hostname == target.hostname)


def _user() -> Any:
    """The user whose greenlet this is, as Locust passes it to `run_user`."""
    arguments = getattr(gevent.getcurrent(), "args", ())
    return arguments[0] if arguments else None


def _why(exception: BaseException, status: int) -> int:
    """The reason of a failure in the flags, as far as the exception of any client tells it."""
    if status:
        return (layout.OTHER if status == 200 else layout.STATUS) << layout.WHY_SHIFT
    for problem in _causes(exception):
        for kind, reason in _REASONS:
            if isinstance(problem, kind):
                return reason << layout.WHY_SHIFT
        if isinstance(problem, Broken):
            return problem.why << layout.WHY_SHIFT
    return layout.OTHER << layout.WHY_SHIFT


def _causes(exception: BaseException) -> Iterator[BaseException]:
    """An exception and those that it wraps, by any of the ways in which clients do that."""
    found: list[Any] = [exception]
    for _ in range(10):
        if not found:
            return
        problem = found.pop(0)
        yield problem
        inner = [problem.__cause__, problem.__context__, getattr(problem, "reason", None)]
        found += [item for item in (*inner, *problem.args) if isinstance(item, BaseException)]


def _status(response: Any) -> int:
    status = getattr(response, "status_code", 0)
    return status if isinstance(status, int) and 0 <= status < 1000 else 0


def _times(
    now: float, response_time: float | None, start_time: float | None
) -> tuple[float, float]:
    """When it was sent on the monotonic clock, and how long it took, in seconds.

    Locust's clients say when they began by the wall clock, which matters where the event comes
    late, from a `catch_response` block; without it, or where the clock was set meanwhile, the
    request is taken to have ended now.
    """
    service = (response_time or 0.0) / 1000.0
    if start_time is not None:
        sent = now - (time.time() - start_time)
        if now - 600.0 < sent <= now - service + 0.001:
            return sent, service
    return now - service, service
