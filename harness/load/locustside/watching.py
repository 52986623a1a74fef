"""Watching what users of a locustfile send: Locust's own events become rows of the record."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import gevent

from harness.load.locustside import layout

if TYPE_CHECKING:
    from harness.load.locustside.session import Session

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Watcher:
    """Listens to one session's requests and to its users' exceptions."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names: set[str] = set()
        self._told = False

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
        **_: Any,
    ) -> None:
        """One request of a user is done. The first of a task carries its ticket."""
        session = self._session
        now = time.monotonic()
        label = f"{request_type} {name}"
        if label not in self._names:
            self._first(label, url)
        ticket = session.carried.get((context or {}).get("releasegate_user") or _user())
        sent, service = _times(now, response_time, start_time)
        failed = exception is not None
        status = _status(response)
        flags = layout.FAILED if failed else 0
        planned = sent
        if ticket is not None:
            ticket.failed = ticket.failed or failed
            if not ticket.used:
                ticket.used, planned = True, ticket.planned
                sent = max(sent, ticket.taken)
                flags |= layout.TICKET | (layout.QUEUED if ticket.queued else 0)
        if failed:
            session.recorder.failure(label, status, f"{type(exception).__name__}: {exception}")
        session.recorder.add(planned, sent, service, status, session.recorder.name(label), flags)

    def user_error(self, user_instance: Any, exception: BaseException, tb: Any, **_: Any) -> None:
        """An exception left a task. After a failed request it is a consequence, else a defect."""
        # Locust passes the TaskSet where the exception came from one of its tasks.
        user = getattr(user_instance, "user", user_instance)
        ticket = self._session.carried.get(user)
        if self._told or (ticket is not None and ticket.failed):
            return
        self._told = True
        where = traceback.extract_tb(tb)[-1:]
        place = f" at {where[0].filename}:{where[0].lineno}" if where else ""
        text = f"{type(exception).__name__}: {exception}"[:500]
        self._session.recorder.event("task_error", message=f"{text}{place}")

    def _first(self, label: str, url: str | None) -> None:
        if len(self._names) < layout.MOST_NAMES:
            self._names.add(label)
        host = urlsplit(url).hostname if url else None
        if host is not None and host not in _LOOPBACK:
            self._session.recorder.event(
                "error",
                message=f"it asked {host}: only the endpoint on 127.0.0.1 may be put under load",
            )


def _user() -> Any:
    """The user whose greenlet this is, as Locust passes it to `run_user`."""
    arguments = getattr(gevent.getcurrent(), "args", ())
    return arguments[0] if arguments else None


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
