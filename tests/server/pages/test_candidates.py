"""The first page: who is a candidate, and what each environment says of it today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx

from harness.ledger import Ledger

Serving = Callable[..., httpx.Client]


def test_each_candidate_has_its_latest_verdict_in_each_environment(
    site: httpx.Client, parsed: Callable[[str], Any]
) -> None:
    page = parsed(site.get("/").text)
    assert "Candidate sit stg prd" in page.text
    assert "sentiment sentiment:1 pass 1 d ago error 2 d ago error 2 d ago" in page.text


def test_a_pass_that_is_too_old_is_expired(
    ledger: Ledger, serving: Serving, make_report: Callable[..., bytes]
) -> None:
    old = dt.datetime.now(dt.UTC) - dt.timedelta(days=31)
    ledger.add(make_report("pass", finished_at=old), publisher="ci")
    assert "expired" in serving(read="open").get("/").text
    assert "expired" not in serving(read="open", max_age="40 d").get("/").text


def test_a_policy_that_is_not_the_pinned_one_counts_for_nothing(
    ledger: Ledger, serving: Serving, make_report: Callable[..., bytes]
) -> None:
    ledger.add(make_report("pass", policy="prd"), publisher="ci")
    pinned = {"prd": {"digests": ["sha256:" + "9" * 64]}}
    assert '<span class="word">unknown' in serving(read="open", policies=pinned).get("/").text


def test_a_part_of_the_name_finds_candidates(site: httpx.Client) -> None:
    for part in ("TIM", "tim%00", "%0atim"):
        assert 'href="/candidates/sentiment"' in site.get(f"/?name={part}").text
    text = site.get("/?name=%3Cb%3Enobody").text
    assert "No candidate has <code>&lt;b&gt;nobody</code> in its name" in text


def test_a_name_of_any_character_leads_to_its_history(
    site: httpx.Client, parsed: Callable[[str], Any]
) -> None:
    page = parsed(site.get("/?name=script").text)
    (link,) = [link for link in page.links() if link.startswith("/candidates/")]
    shown = parsed(site.get(link).text)
    assert "<script>alert(1)</script>/..?a=b&c#d%2f" in shown.text
    assert not shown.named("script")


def test_an_empty_ledger_says_how_to_fill_it(serving: Serving) -> None:
    client = serving(read="open")
    assert f"--to {str(client.base_url).rstrip('/')}</pre>" in client.get("/").text


def test_more_candidates_than_a_page_holds_are_led_through(
    ledger: Ledger, serving: Serving, make_report: Callable[..., bytes], parsed: Callable[..., Any]
) -> None:
    for index in range(60):
        ledger.add(make_report("pass", name=f"model-{index:02}"), publisher="ci")
    client, path, seen = serving(read="open"), "/?name=model", []
    while path:
        page = parsed(client.get(path).text)
        seen += [link for link in page.links() if link.startswith("/candidates/")]
        path = next((str(a["href"]) for a in page.named("a") if a.get("rel") == "next"), "")
    assert seen == [f"/candidates/model-{index:02}" for index in range(60)]
