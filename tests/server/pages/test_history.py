"""The page of one candidate: what holds today, the trends, and every report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx

from harness.ledger import Ledger

Parsing = Callable[[str], Any]


def test_without_a_policy_it_is_that_of_the_newest_report(
    site: httpx.Client, parsed: Parsing
) -> None:
    page = parsed(site.get("/candidates/sentiment").text)
    current = [a["href"] for a in page.named("a") if a.get("aria-current")]
    assert current == ["/candidates/sentiment?policy=sit"]
    assert "Pass under sit, 1 d ago" in page.text


def test_policies_stand_in_the_order_of_the_environments(
    site: httpx.Client, parsed: Parsing
) -> None:
    links = parsed(site.get("/candidates/sentiment?policy=prd").text).links()
    tabs = [link for link in links if link.startswith("/candidates/")]
    assert tabs == [f"/candidates/sentiment?policy={name}" for name in ("sit", "stg", "prd")]


def test_a_measurement_is_drawn_with_its_limit_and_where_it_failed(
    site: httpx.Client, parsed: Parsing
) -> None:
    page = parsed(site.get("/candidates/sentiment?policy=sit").text)
    (picture,) = [svg for svg in page.named("svg") if svg.get("class") == "chart trend"]
    assert picture["aria-label"] == (
        "load_latency_p99 in 7 reports, between 40 and 150 ms, last 46 ms, limit <= 100 ms"
    )
    shapes = [path["class"] for path in page.named("path") if "shape " in str(path.get("class"))]
    assert shapes == ["shape failed", "shape inconclusive"]
    assert "40 to 150 ms; 1 failed, 1 inconclusive, last 3 d ago" in page.text


def test_any_two_reports_can_be_chosen_and_compared(
    filled: Ledger, site: httpx.Client, parsed: Parsing
) -> None:
    page = parsed(site.get("/candidates/sentiment?policy=sit").text)
    ids = [entry.id for entry in filled.entries(name="sentiment", policy="sit").entries]
    for side in "ab":
        assert [one["value"] for one in page.named("input") if one.get("name") == side] == ids
    checked = {one["name"]: one["value"] for one in page.named("input") if "checked" in one}
    assert checked == {"a": ids[1], "b": ids[0]}


def test_measurements_without_a_limit_are_drawn_when_asked_for(
    ledger: Ledger, serving: Callable[..., httpx.Client], make_report: Callable[..., bytes]
) -> None:
    free = make_report("pass").replace(b'"limit": "<= 100 ms"', b'"limit": null')
    ledger.add(free.replace(b'"outcome": "passed"}]', b'"outcome": null}]'), publisher="ci")
    client = serving(read="open")
    text = client.get("/candidates/sentiment").text
    assert "And 1 without a limit" in text and "chart trend" not in text
    assert "chart trend" in client.get("/candidates/sentiment?all=1").text


def test_older_reports_are_led_through(
    ledger: Ledger,
    serving: Callable[..., httpx.Client],
    make_report: Callable[..., bytes],
    parsed: Parsing,
) -> None:
    now = dt.datetime.now(dt.UTC)
    for index in range(30):
        ended = now - dt.timedelta(hours=index)
        ledger.add(make_report("pass", finished_at=ended), publisher="ci")
    client = serving(read="open")
    page = parsed(client.get("/candidates/sentiment").text)
    (older,) = [str(a["href"]) for a in page.named("a") if a.get("rel") == "next"]
    rest = parsed(client.get(older).text)
    assert [len(one.named("input")) for one in (page, rest)] == [25 * 2 + 1, 5 * 2 + 1]


def test_nobody_and_no_policy_are_told(site: httpx.Client) -> None:
    paths = ("nobody", "sentiment?policy=none", "%00", "%ff", "")
    answers = [site.get(f"/candidates/{path}") for path in paths]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert "holds no report of a candidate" in answers[0].text
    assert "has no report under the policy" in answers[1].text
