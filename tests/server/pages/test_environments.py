"""Environments: what holds each, since when, by which report, and what is said of it today."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from harness.ledger import Ledger


def test_each_environment_names_its_holder_and_the_report(
    filled: Ledger, site: httpx.Client, parsed: Callable[[str], Any]
) -> None:
    page = parsed(site.get("/environments").text)
    assert "sit Candidate Digest Since By Today" in page.text
    assert "sentiment 222222222222 1 d ago its report ben pass" in page.text
    assert "stg only what has held sit" in page.text
    assert "prd only what has held stg Nothing holds it yet." in page.text
    (held,) = filled.holders()["sit"]
    assert f"/reports/{held.report}" in page.links()


def test_what_held_it_before_is_folded_away(
    site: httpx.Client, parsed: Callable[[str], Any]
) -> None:
    page = parsed(site.get("/environments").text)
    assert "Held before 2 d ago sentiment 111111111111 by anna" in page.text
    assert len(page.named("details")) == 1


def test_a_holder_that_failed_since_is_seen(
    ledger: Ledger,
    serving: Callable[..., httpx.Client],
    make_report: Callable[..., bytes],
    parsed: Callable[[str], Any],
) -> None:
    digest = "sha256:" + "1" * 64
    ledger.add(make_report("pass", digest, "prd"), publisher="ci")
    ledger.promote(digest, "prd", by="anna")
    ledger.add(make_report("fail", digest, "prd", p99=150.0), publisher="ci")
    page = parsed(serving(read="open").get("/environments").text)
    assert "111111111111 just now its report anna fail" in page.text


def test_without_environments_it_says_how_to_name_them(
    serving: Callable[..., httpx.Client],
) -> None:
    assert "server.toml" in serving(read="open").get("/environments").text
