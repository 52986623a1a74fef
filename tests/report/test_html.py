"""The page is one file that fetches nothing, runs nothing, and shows what matters first."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from harness.report import Report
from harness.report.formats import html

VOID = {"meta", "br", "link", "img", "input", "hr"}


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

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def named(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of every element of that name."""
        return [attributes for tag, attributes in self.tags if tag == name]


def test_the_verdict_comes_first_in_a_word_and_a_shape(failed: Report) -> None:
    page = Page(html.render(failed))
    assert (
        re.sub(r"\s+", " ", page.text)
        .strip()
        .startswith(
            "fail: sentiment Skip to the checks Releasegate sentiment Fail The gate is closed"
        )
    )
    assert page.named("svg")[0]["class"] == "sign fail"


def test_the_order_is_reasons_then_facts_then_checks(failed: Report) -> None:
    text = Page(html.render(failed)).text
    places = [text.index(word) for word in ("Why", "What was tested", "Checks", "last logs")]
    assert places == sorted(places)


def test_nothing_is_fetched_and_nothing_runs(failed: Report) -> None:
    page = Page(html.render(failed))
    assert not page.named("script") + page.named("link") + page.named("img") + page.named("iframe")
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        link = attributes.get("href") or "#"
        assert link.startswith("#")
        assert "src" not in attributes


def test_the_policy_allows_this_style_and_nothing_else(failed: Report) -> None:
    text = html.render(failed)
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    metas = Page(text).named("meta")
    (policy,) = (m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy")
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_it_is_made_for_phones_and_for_the_dark(failed: Report) -> None:
    text = html.render(failed)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert "prefers-color-scheme: dark" in text


def test_what_closes_the_gate_is_open_and_what_passed_is_folded(failed: Report) -> None:
    text = html.render(failed)
    article = r'<article class="card ([a-z ]+)" id="check-(\d)">\s*<(details open|details|div)'
    cards = re.findall(article, text)
    assert cards == [
        ("failed closes", "1", "details open"),
        ("failed closes", "2", "details open"),
        ("passed", "0", "details"),
        ("failed", "3", "details"),
        ("skipped", "4", "div"),
    ]


def test_a_reason_leads_to_its_check(failed: Report) -> None:
    page = Page(html.render(failed))
    assert "#check-1" in [link["href"] for link in page.named("a")]
    assert "check-1" in [article["id"] for article in page.named("article")]


def test_a_finding_says_what_was_expected_and_how_to_see_it(failed: Report) -> None:
    page = Page(html.render(failed))
    for part in ("$.positive", "boolean", '"false"', "curl -s http://127.0.0.1:5000/predict"):
        assert part in page.text
    assert [pre["tabindex"] for pre in page.named("pre") if pre["class"] == "command"] == ["0"]


def test_every_picture_is_read_aloud_or_hidden(failed: Report) -> None:
    for picture in Page(html.render(failed)).named("svg"):
        assert picture.get("aria-label") or picture.get("aria-hidden") == "true"


def test_a_waived_failure_says_until_when(failed: Report) -> None:
    assert "waived until 2027-01-31" in Page(html.render(failed)).text


def test_a_check_that_is_not_required_says_so(failed: Report) -> None:
    assert "not required" in Page(html.render(failed)).text


def test_a_page_without_logs_has_no_place_for_them(failed: Report) -> None:
    text = html.render(failed.model_copy(update={"logs": ""}))
    assert "last logs" not in text


def test_a_pass_looks_like_one(passed: Report) -> None:
    page = Page(html.render(passed))
    assert page.named("body")[0]["class"] == "pass"
    assert "Why" not in page.text


def test_traps_are_shown_and_do_nothing(traps: Report) -> None:
    text = html.render(traps)
    page = Page(text)
    assert not page.named("script")
    assert "<script>alert(1)</script>" in page.text
    acting = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    assert not re.search(acting, text)
