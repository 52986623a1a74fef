"""Every page stands in one frame: strict, named, and only for whoever may read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.ledger import Ledger, LedgerError
from harness.server.app import create_app
from harness.server.settings import Settings

Parsing = Callable[[str], Any]
PATHS = [
    "/",
    "/candidates/sentiment",
    "/candidates/sentiment?policy=sit&all=1",
    "/candidates/nobody",
    "/reports/{first}",
    "/reports/none",
    "/compare",
    "/compare?a={first}&b={second}",
    "/compare?a={first}&b=none",
    "/search?digest=sha256:" + "1" * 64,
    "/search?digest=sentiment:1",
    "/environments",
    "/login",
]


def address(ledger: Ledger, path: str) -> str:
    """`path` with the ids of two reports."""
    first, second, *_ = ledger.entries(name="sentiment", policy="sit").entries
    return path.format(first=first.id, second=second.id)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_runs_and_nothing_comes_from_elsewhere(
    filled: Ledger, site: httpx.Client, parsed: Parsing, path: str
) -> None:
    answer = site.get(address(filled, path))
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    page = parsed(answer.text)
    assert not page.named("script") + page.named("style") + page.named("iframe")
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        links = [attributes.get(name) or "/" for name in ("href", "src", "action")]
        assert all(link[0] in "/?#" and link[:2] != "//" for link in links)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_can_be_found_ones_way_about_in(
    filled: Ledger, site: httpx.Client, parsed: Parsing, path: str
) -> None:
    page = parsed(site.get(address(filled, path)).text)
    assert page.named("html") == [{"lang": "en"}]
    assert [len(page.named(tag)) for tag in ("h1", "main")] == [1, 1]
    assert page.named("a")[0] == {"class": "skip", "href": "#main"}
    assert len(page.named("caption")) == len(page.named("table"))
    assert all(th.get("scope") for th in page.named("th"))
    named = {label["for"] for label in page.named("label")}
    for field in page.named("input"):
        assert field.get("id") in named or field.get("aria-label") or field["type"] == "hidden"
    for picture in page.named("svg"):
        outer = "class" in picture
        assert not outer or picture.get("aria-label") or picture.get("aria-hidden") == "true"
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/login"])
def test_a_stranger_is_led_to_the_login_and_back(
    filled: Ledger, closed: httpx.Client, path: str
) -> None:
    path = address(filled, path)
    answer = closed.get(path)
    assert answer.status_code == 303
    url = httpx.URL(answer.headers["location"])
    assert (url.path, url.params["next"]) == ("/login", path)


def test_a_token_that_may_not_read_sees_nothing(filled: Ledger, closed: httpx.Client) -> None:
    secret = filled.create_token("publisher", ("publish",))[1]
    answer = closed.get("/", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    assert "sentiment" not in answer.text


def test_a_ledger_that_does_not_answer_is_a_page_that_says_so(
    filled: Ledger, site: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise LedgerError("postgresql://gate@db.internal/x is away", "start it")

    monkeypatch.setattr(filled, "names", gone)
    answer = site.get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "the ledger does not answer" in answer.text
    assert "db.internal" not in answer.text  # that is for the log


@pytest.mark.parametrize("path", ["/?after=%00", "/candidates/sentiment?after=nonsense"])
def test_a_cursor_that_is_none_is_refused_in_words(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, "no such place" in answer.text) == (400, True)


def test_behind_a_proxy_every_link_keeps_its_prefix(filled: Ledger) -> None:
    app = create_app(Settings(read="open"), filled)

    async def ask() -> str:
        transport = httpx.ASGITransport(app, root_path="/gate")
        async with httpx.AsyncClient(transport=transport, base_url="http://proxy") as client:
            return (await client.get("/gate/candidates/sentiment")).text

    page = asyncio.run(ask())
    assert 'href="/gate/assets/site.css?' in page
    assert 'action="/gate/search"' in page
    assert 'href="/reports' not in page
