"""The pages in a real Chromium, without scripts, over a ledger of ten thousand reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import httpx
import pytest
from sqlalchemy import Table, insert

from harness.ledger import Ledger, open_ledger, tables
from harness.ledger.intake import rows
from harness.server.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ENVIRONMENTS = ["sit", "stg", "prd"]
SHOWN = "sha256:" + "f" * 64
# Of every text on the page, its contrast with what is behind it (WCAG 2.2, relative luminance).
CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const rgba = colour => known.get(colour) || known.set(colour, paint(colour)).get(colour);
  const paint = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map(x => x / 255);
  };
  const light = ([r, g, b]) => [r, g, b].map(
    x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4
  ).reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const found = rgba(getComputedStyle(one).backgroundColor);
      if (found[3] > 0.99) return found;
    }
    return rgba('white');
  };
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !element.getClientRects().length || element.closest('title')) continue;
    const style = getComputedStyle(element);
    const ink = element.closest('svg') ? style.fill : style.color;
    const [a, b] = [light(rgba(ink)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${element.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def many(
    tmp_path_factory: pytest.TempPathFactory, make_report: Callable[..., bytes]
) -> Iterator[Ledger]:
    """Ten thousand reports of 100 candidates, of `model-00` a thousand and some under `sit`."""
    ledger = open_ledger(str(tmp_path_factory.mktemp("many") / "ledger.sqlite"))
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    made = {
        verdict: rows(make_report(verdict, p99=p99), publisher="ci", signed_by="", now=now)
        for verdict, p99 in (("pass", 41.5), ("fail", 150.0))
    }
    told = [_told(index, now) for index in range(10_000)]
    listed = [{**made[row.pop("like")].report, **row} for row in told]
    bodies = [{"number": row["number"], **made[row["verdict"]].content} for row in listed]
    heads = {(row["name"], row["policy"]): row for row in reversed(listed)}  # the newest is first
    with ledger.writing() as connection:
        connection.execute(insert(tables.reports), listed)
        connection.execute(insert(tables.contents), bodies)
        connection.execute(
            insert(tables.heads), [_only(tables.heads, row) for row in heads.values()]
        )
    ledger.add(make_report("pass", SHOWN, "prd", name="model-01"), publisher="ci", now=now)
    ledger.add(make_report("fail", SHOWN, "sit", name="model-01"), publisher="ci", now=now)
    yield ledger
    ledger.close()


def _told(index: int, now: dt.datetime) -> dict[str, Any]:
    """What differs from one report to the next, which is ten minutes older."""
    ended = now - dt.timedelta(minutes=10 * index + 1)
    return {
        "like": "fail" if index % 17 == 0 else "pass",
        "number": index + 1,
        "id": f"{index:064x}",
        "name": f"model-{index % 100 if index >= 1_000 else 0:02}",
        "policy": ENVIRONMENTS[index // 100 % 3 if index >= 1_000 else 0],
        "config_digest": _digest(index),
        "started_at": ended - dt.timedelta(minutes=2),
        "finished_at": ended,
    }


def _only(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {column.name: row[column.name] for column in table.columns}


def _digest(number: int) -> str:
    return f"sha256:{number:064x}"


@pytest.fixture(scope="module")
def url(many: Ledger, started: Callable[..., tuple[str, Callable[[], None]]]) -> Iterator[str]:
    """Address of a service over them that asks for a token."""
    found, stop = started(Settings(environments=ENVIRONMENTS), many, None)
    yield found
    stop()


@pytest.fixture
def visit(browser: Browser, many: Ledger, url: str) -> Iterator[Callable[..., Page]]:
    """`visit(path, width, scheme)`: a page for somebody who is logged in, without scripts."""
    _, secret = many.create_token("anna", ("read",))
    said: list[str] = []
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "releasegate", "value": secret, "url": url}])
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda asked: said.extend([asked.url] * (not asked.url.startswith(url))))

    def go(path: str, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Page:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.goto(url + path)
        return page

    yield go
    context.close()
    assert said == []


def paths(many: Ledger) -> list[str]:
    """One page of each kind."""
    bad, good = many.entries(digest=SHOWN).entries
    return [
        "/",
        "/candidates/model-00?policy=sit",
        f"/reports/{bad.id}",
        f"/compare?a={good.id}&b={bad.id}",
        f"/search?digest={SHOWN}",
        "/environments",
        "/compare",
    ]


def test_on_a_phone_no_page_is_wider_than_the_screen(
    many: Ledger, visit: Callable[..., Page]
) -> None:
    for path in paths(many):
        page = visit(path, 360)
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), path
        cut = "[...document.querySelectorAll('.sheet')].filter(x => x.scrollWidth > x.clientWidth)"
        assert page.evaluate(f"{cut}.length") == 0, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_by_light_and_in_the_dark(
    many: Ledger, visit: Callable[..., Page], scheme: str
) -> None:
    for path in paths(many):
        page = visit(path, 1280, scheme)
        assert page.evaluate(CONTRAST) == [], path
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(246, 246, 244)", "dark": "rgb(18, 20, 22)"}[scheme]


def test_the_keyboard_goes_past_the_navigation_to_the_content(visit: Callable[..., Page]) -> None:
    page = visit("/candidates/model-00?policy=sit")
    focused = "document.activeElement.textContent.trim()"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(focused).split() == ["fail", "sit"]
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(ring) == "solid"


def test_two_reports_are_chosen_and_compared_with_the_keyboard_alone(
    visit: Callable[..., Page],
) -> None:
    page = visit("/candidates/model-01?policy=sit")
    page.locator('input[name="a"]:checked').focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?*")
    assert page.locator("h1").inner_text() == "Two reports side by side"


def test_a_history_of_a_thousand_reports_shows_every_failure(visit: Callable[..., Page]) -> None:
    page = visit("/candidates/model-00?policy=sit")
    assert page.locator("h2#trends").inner_text().startswith("Trends 1,000 reports")
    assert "59 failed" in page.locator(".trend-card").inner_text()
    page.get_by_role("link", name="Older reports").click()
    assert page.locator("table.history tbody tr").count() == 25


def test_ten_thousand_reports_are_searched_by_digest(visit: Callable[..., Page]) -> None:
    page = visit("/")
    page.get_by_label("Search by digest").fill(_digest(4_321))
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    assert page.get_by_role("link", name="model-21").count() == 1


def test_all_candidates_are_reached_from_the_first_page(visit: Callable[..., Page]) -> None:
    page = visit("/")
    names = page.locator("tbody th > a").all_inner_texts()
    page.get_by_role("link", name="More candidates").click()
    names += page.locator("tbody th > a").all_inner_texts()
    assert names == [f"model-{index:02}" for index in range(100)]


def test_a_stranger_logs_in_and_comes_back_to_where_he_was_going(
    browser: Browser, many: Ledger, url: str
) -> None:
    _, secret = many.create_token("ben", ("read",))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/candidates/model-07?policy=prd")
    assert page.evaluate("document.activeElement.id") == "token"
    page.keyboard.type("rg_nobody_nothing")
    page.keyboard.press("Enter")
    assert "The token is none" in page.get_by_role("alert").inner_text()
    page.get_by_label("Token").fill(secret)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/candidates/model-07?policy=prd")
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    assert context.cookies() == []
    context.close()


def test_a_hostile_name_is_shown_and_does_nothing(browser: Browser, site: httpx.Client) -> None:
    context = browser.new_context()  # scripts may run here: none does
    page = context.new_page()
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.goto(f"{site.base_url}?name=script")
    page.get_by_role("link", name="<script>alert(1)</script>").first.click()
    page.wait_for_url("**/candidates/**")
    assert page.locator("h1").inner_text() == "<script>alert(1)</script>/..?a=b&c#d%2f"
    page.get_by_role("link", name="the report").click()
    page.wait_for_url("**/reports/**")
    assert asked == []
    context.close()
