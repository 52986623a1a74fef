"""A report in the frame of the site, and two of them side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.ledger import Ledger

Parsing = Callable[[str], Any]


def ids(ledger: Ledger, policy: str = "sit") -> list[str]:
    """Reports of `sentiment`, the newest first."""
    return [entry.id for entry in ledger.entries(name="sentiment", policy=policy).entries]


def test_a_report_is_shown_whole_and_leads_on(
    filled: Ledger, site: httpx.Client, parsed: Parsing
) -> None:
    newest, before, *_ = ids(filled)
    page = parsed(site.get(f"/reports/{newest}").text)
    assert "The gate is open: every required check passed." in page.text
    assert "Stored" in page.text and "by ci, without a signature" in page.text
    assert f"/compare?a={before}&b={newest}" in page.links()
    assert "/candidates/sentiment?policy=sit" in page.links()
    assert f"/v1/reports/{newest}" in page.links()


def test_the_exact_bytes_are_one_link_away(filled: Ledger, site: httpx.Client) -> None:
    newest = ids(filled)[0]
    assert site.get(f"/v1/reports/{newest}").content == filled.body(newest)


def test_a_report_that_a_newer_one_overrules_says_so(
    ledger: Ledger,
    serving: Callable[..., httpx.Client],
    make_report: Callable[..., bytes],
    parsed: Parsing,
) -> None:
    old, _ = ledger.add(make_report("pass"), publisher="ci")
    new, _ = ledger.add(make_report("fail", p99=150.0), publisher="ci")
    page = parsed(serving(read="open").get(f"/reports/{old.id}").text)
    assert "A newer report of this digest fail" in page.text
    assert f"/reports/{new.id}" in page.links()


@pytest.mark.parametrize("key", ["none", "0" * 64, "..%2f..%2fetc", "%00"])
def test_a_report_that_is_not_there_is_told(site: httpx.Client, key: str) -> None:
    assert site.get(f"/reports/{key}").status_code == 404


def test_two_reports_stand_side_by_side(
    filled: Ledger, site: httpx.Client, parsed: Parsing
) -> None:
    good, bad = ids(filled)[0], ids(filled)[4]
    page = parsed(site.get(f"/compare?a={good}&b={bad}").text)
    assert "Pass became fail; 1 worse of 1 checks." in page.text
    assert "load. latency Answers stay within the latency budget. passed failed worse" in page.text
    assert "46 ms limit <= 100 ms 150 ms limit <= 100 ms +104 ms (+226 %) beyond the noise" in (
        page.text
    )
    assert f"/compare?a={bad}&b={good}" in page.links()


def test_a_report_that_is_missing_leaves_the_form_as_it_was_filled_in(
    filled: Ledger, site: httpx.Client, parsed: Parsing
) -> None:
    answer = site.get(f"/compare?a={ids(filled)[0]}&b=%22%3E%3Cscript%3E")
    page = parsed(answer.text)
    assert (answer.status_code, page.named("script")) == (404, [])
    assert {f["name"]: f["value"] for f in page.named("input") if f["id"] in "ab"} == {
        "a": ids(filled)[0],
        "b": '"><script>',
    }
