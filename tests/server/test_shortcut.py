"""The shortcut: what was sent is sent again, only while nothing can have changed it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from harness.ledger import Ledger, LedgerError
from harness.server.auth import Caller
from harness.server.service import Service, start
from harness.server.settings import Settings
from harness.server.shortcut import Shortcut, stays

DIGEST = "sha256:" + "1" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
Make = Callable[..., bytes]


class Counted:
    """A framework that answers each request with how many it has seen."""

    def __init__(self, until: dt.datetime | None = None, status: int = 200) -> None:
        self.seen = 0
        self.until, self.status, self.keeps = until, status, True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen += 1
        if self.keeps:
            stays(Request(scope), Caller(""), self.until)
        await Response(str(self.seen), self.status)(scope, receive, send)


def ask(
    shortcut: Shortcut, path: str = f"/v1/gate/{DIGEST}", query: str = "", **headers: str
) -> str:
    """The body that comes back through the shortcut."""
    told: list[Message] = []
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "headers": named}
    scope |= {"raw_path": path.encode(), "query_string": query.encode(), "client": ("10.0.0.1", 1)}

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        told.append(message)

    asyncio.run(shortcut(scope, receive, send))
    return b"".join(message.get("body", b"") for message in told).decode()


@pytest.fixture
def service(ledger: Ledger) -> Service:
    """A service over an empty ledger, at noon, whose reading is open."""
    return start(ledger, Settings(read="open"), lambda: NOON)


def test_the_second_time_the_framework_is_not_asked(service: Service) -> None:
    app = Counted()
    shortcut = Shortcut(app, service)
    assert [ask(shortcut) for _ in range(3)] == ["1", "1", "1"]
    assert app.seen == 1 and service.tally[200] == 2  # the shield counts the first


@pytest.mark.parametrize(
    "other",
    [
        {"path": f"/v1/gate/{DIGEST[:-1]}2"},
        {"query": "policy=prd"},
        {"authorization": "Bearer rg_other"},
    ],
)
def test_what_asks_otherwise_gets_an_answer_of_its_own(
    service: Service, other: dict[str, str]
) -> None:
    shortcut = Shortcut(Counted(), service)
    assert [ask(shortcut), ask(shortcut, **other)] == ["1", "2"]


@pytest.mark.parametrize("header", ["cookie", "if_none_match", "range"])
def test_a_cookie_or_a_condition_takes_the_long_way(service: Service, header: str) -> None:
    shortcut = Shortcut(Counted(), service)
    assert [ask(shortcut, **{header: "x"}) for _ in range(2)] == ["1", "2"]


def test_any_write_to_the_ledger_ends_it(
    service: Service, ledger: Ledger, make_report: Make
) -> None:
    shortcut = Shortcut(Counted(), service)
    assert ask(shortcut) == "1"
    ledger.add(make_report("fail", digest="sha256:" + "9" * 64), publisher="ci", now=None)
    assert ask(shortcut) == "2"


def test_it_ends_at_the_moment_at_which_the_answer_does(service: Service) -> None:
    shortcut = Shortcut(Counted(until=NOON), service)
    assert [ask(shortcut), ask(shortcut)] == ["1", "2"]


@pytest.mark.parametrize("path", ["/v1/reports", "/healthz", "/"])
def test_other_paths_are_never_kept(service: Service, path: str) -> None:
    shortcut = Shortcut(Counted(), service)
    assert [ask(shortcut, path=path) for _ in range(2)] == ["1", "2"]


def test_only_an_answer_that_says_so_and_is_a_success_is_kept(service: Service) -> None:
    silent, refused = Counted(), Counted(status=404)
    silent.keeps = False
    for app in (silent, refused):
        shortcut = Shortcut(app, service)
        assert [ask(shortcut) for _ in range(2)] == ["1", "2"]


def test_asking_too_often_takes_the_long_way_which_refuses(ledger: Ledger) -> None:
    settings = Settings.model_validate({"read": "open", "rates": {"read": "1 /s"}})
    shortcut = Shortcut(Counted(), start(ledger, settings, lambda: NOON))
    assert [ask(shortcut) for _ in range(3)] == ["1", "1", "2"]


def test_a_ledger_that_does_not_answer_takes_the_long_way(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    shortcut = Shortcut(Counted(), service)
    ask(shortcut)

    def away() -> int:
        raise LedgerError("ledger.sqlite: gone", "")

    monkeypatch.setattr(service.memory, "state", away)
    assert ask(shortcut) == "2"


def test_a_revoked_token_is_refused_although_its_answer_was_kept(
    serving: Callable[..., httpx.Client], ledger: Ledger, make_report: Make
) -> None:
    ledger.add(make_report("pass"), publisher="ci")
    client = serving(scopes=("read",))
    assert [client.get(f"/v1/gate/{DIGEST}").status_code for _ in range(3)] == [200] * 3
    (token,) = ledger.tokens()
    ledger.revoke_token(token.id)
    assert client.get(f"/v1/gate/{DIGEST}").status_code == 401


def test_a_token_that_runs_out_is_refused_although_its_answer_was_kept(
    serving: Callable[..., httpx.Client], ledger: Ledger, make_report: Make
) -> None:
    now = [dt.datetime.now(dt.UTC)]
    ledger.add(make_report("pass"), publisher="ci")
    ends = now[0] + dt.timedelta(hours=1)
    _, secret = ledger.create_token("brief", ["read"], ends, now=now[0])
    client = serving(scopes=(), clock=lambda: now[0])
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get(f"/v1/gate/{DIGEST}", headers=headers).status_code == 200
    now[0] = ends
    assert client.get(f"/v1/gate/{DIGEST}", headers=headers).status_code == 401


def test_a_kept_answer_has_the_headers_of_the_first(one_pass: httpx.Client) -> None:
    first, second = (one_pass.get(f"/v1/gate/{DIGEST}") for _ in range(2))
    first.headers.pop("date"), second.headers.pop("date")
    assert dict(first.headers) == dict(second.headers)
    assert first.content == second.content
