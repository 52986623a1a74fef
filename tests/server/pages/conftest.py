"""A filled ledger, what a page consists of, and a real browser."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx
import pytest

from harness.ledger import Ledger, open_ledger
from harness.server.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

Starting = Callable[..., tuple[str, Callable[[], None]]]
VOID = {"meta", "br", "link", "img", "input", "hr", "wbr"}
DIGESTS = ["sha256:" + letter * 64 for letter in "1234567"]
HOSTILE = "<script>alert(1)</script>/..?a=b&c#d%2f"


class Page(HTMLParser):
    """Tags, attributes and text of a page; refuses one that is not well nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it, and that it is open."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it; nothing is open."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """It must be the one that is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text, each piece apart."""
        self.text += f" {data}"

    def named(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of every element of that name."""
        return [attributes for tag, attributes in self.tags if tag == name]

    def links(self) -> list[str]:
        """Where the page leads."""
        return [str(one["href"]) for one in self.named("a")]


@pytest.fixture
def parsed() -> Callable[[str], Page]:
    """`parsed(text)`: the page's tags, attributes and text."""
    return Page


@pytest.fixture(scope="session")
def filled(
    tmp_path_factory: pytest.TempPathFactory, make_report: Callable[..., bytes]
) -> Iterator[Ledger]:
    """`sentiment` with seven digests under three policies, and a candidate of a hostile name."""
    ledger = open_ledger(str(tmp_path_factory.mktemp("pages") / "ledger.sqlite"))
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    verdicts = ["pass", "pass", "fail", "pass", "inconclusive", "error", "pass"]
    for index, (verdict, digest) in enumerate(zip(verdicts, DIGESTS, strict=True)):
        ended = now - dt.timedelta(days=len(verdicts) - index)
        for policy in ("sit", "stg", "prd")[: 1 + index % 3]:
            p99 = {"pass": 40.0 + index, "fail": 150.0}.get(verdict, 100.0)
            body = make_report(verdict, digest, policy, finished_at=ended, p99=p99)
            ledger.add(body, publisher="ci", now=now)
    body = make_report("fail", "sha256:" + "e" * 64, HOSTILE, name=HOSTILE, reference=HOSTILE)
    ledger.add(body, publisher=HOSTILE, now=now + dt.timedelta(minutes=1))
    ledger.promote(DIGESTS[0], "sit", by="anna", now=now - dt.timedelta(days=2))
    ledger.promote(DIGESTS[1], "sit", by="ben", now=now - dt.timedelta(days=1))
    ledger.promote(DIGESTS[1], "stg", by="ben", now=now)
    yield ledger
    ledger.close()


@pytest.fixture(scope="session")
def site(filled: Ledger, started: Starting) -> Iterator[httpx.Client]:
    """A client of a service that lets everybody read."""
    yield from _client(started, filled, Settings(read="open", environments=["sit", "stg", "prd"]))


@pytest.fixture(scope="session")
def _closed(filled: Ledger, started: Starting) -> Iterator[httpx.Client]:
    yield from _client(started, filled, Settings())


@pytest.fixture
def closed(_closed: httpx.Client) -> httpx.Client:
    """A client of a service that asks for a token; it has none, and no cookie of another test."""
    _closed.cookies.clear()
    return _closed


def _client(started: Starting, ledger: Ledger, settings: Settings) -> Iterator[httpx.Client]:
    url, stop = started(settings, ledger, None)
    with httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
        yield client
    stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; under GATE_REQUIRE_ENGINE=1 its absence is a failure.

    For one module only: its driver occupies the event loop of the thread.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        why = "no Chromium is installed: apt-get install chromium"
        if os.environ.get("GATE_REQUIRE_ENGINE") == "1":
            pytest.fail(f"GATE_REQUIRE_ENGINE=1, but {why}")
        pytest.skip(why)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = _launched(playwright, found)
        yield opened
        opened.close()


def _launched(playwright: Playwright, program: str) -> Browser:
    calm = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    return playwright.chromium.launch(executable_path=program, args=calm)
