"""Unmodified locustfiles under an open model: what a user waits for becomes the next ticket."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.parse import urlsplit

from locust import TaskSet
from locust.user.users import PytestUser


class Refused(Exception):
    """A locustfile that cannot be run under an open model, and why."""


class Tickets(Protocol):
    """Who deals them."""

    def next_ticket(self, user: Any) -> Any:
        """Wait for the next one."""

    def asking(self, user: Any, name: str) -> None:
        """A request of this name is being sent for the one that the user has."""


def prepare(classes: list[Any], tickets: Tickets) -> None:
    """Let the users of these classes start each task on a ticket. Raises Refused.

    Locust's users wait after a task, for as long as `wait_time` says; here they wait for their
    next planned start instead, and once more after `on_start`, before the first task.
    """
    for taskset in _tasksets(TaskSet):
        _prepare_taskset(taskset)
    # The originals are collected first: a class may inherit from another one of the list.
    starts = [(cls, cls.on_start) for cls in classes]
    for cls, on_start in starts:
        if issubclass(cls, PytestUser):
            raise Refused(f"{cls.__name__} is a pytest function; expected a class of users")
        if getattr(cls, "by_lanes", False):
            continue
        _prepare_user(cls, on_start, tickets)


def _prepare_user(cls: Any, on_start: Callable[[Any], None], tickets: Tickets) -> None:
    def start(user: Any) -> None:
        if type(user) is cls:
            _watch(user, tickets)
        on_start(user)
        if type(user) is cls:  # not where a subclass calls this one
            tickets.next_ticket(user)

    def wait_time(user: Any) -> float:
        tickets.next_ticket(user)
        return 0.0

    context = cls.context

    def context_with_user(user: Any) -> dict[str, Any]:
        return {**context(user), "releasegate_user": user}

    cls.on_start, cls.wait_time, cls.context = start, wait_time, context_with_user


def _watch(user: Any, tickets: Tickets) -> None:
    """Have the user's client tell what it sends: of what is never answered Locust says nothing."""
    client = getattr(user, "client", None)
    request = getattr(client, "request", None)
    if not callable(request):
        return

    def told(*given: Any, **more: Any) -> Any:
        with contextlib.suppress(Exception):  # what is wrong with the call, the call itself says
            tickets.asking(user, _named(client, *given, **more))
        return request(*given, **more)

    with contextlib.suppress(AttributeError, TypeError):  # a client that takes no attributes
        setattr(client, "request", told)


def _named(client: Any, method: str, url: str = "", name: Any = None, **more: Any) -> str:
    """As Locust's clients name a request: METHOD and the name that it was given, or its path."""
    if isinstance(name, str) and name:
        return f"{method} {name}"
    parts = urlsplit(url or more.get("path", ""))
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return f"{method} {getattr(client, 'request_name', None) or path or '/'}"


def _prepare_taskset(taskset: Any) -> None:
    if "wait" in vars(taskset):
        raise Refused(
            f"{taskset.__name__} defines wait() itself, so that its tasks cannot be started on "
            "plan; define wait_time instead"
        )
    if "wait_time" in vars(taskset):
        taskset.wait_time = TaskSet.wait_time


def _tasksets(root: Any) -> Iterator[Any]:
    for taskset in root.__subclasses__():
        yield taskset
        yield from _tasksets(taskset)
