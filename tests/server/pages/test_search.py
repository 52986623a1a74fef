"""Search: a digest in any way that people have it at hand, and never a tag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.ledger import Ledger

HEX = "2" * 64


@pytest.mark.parametrize(
    "given", [f"sha256:{HEX}", HEX, f" registry.example/sentiment:1@sha256:{HEX} ", HEX.upper()]
)
def test_a_digest_is_found_however_it_is_written(
    site: httpx.Client, parsed: Callable[[str], Any], given: str
) -> None:
    page = parsed(site.get("/search", params={"digest": given}).text)
    assert "sit pass The gate is open" in page.text
    assert "stg pass The gate is open" in page.text
    assert "Holds sit since 1 d ago stg since" in page.text
    assert len([link for link in page.links() if link.startswith("/reports/")]) == 2


@pytest.mark.parametrize("given", ["sentiment:1.4", "", "sha256:12", "x" * 9000, "<b>"])
def test_what_is_no_digest_is_told(site: httpx.Client, given: str) -> None:
    answer = site.get("/search", params={"digest": given})
    assert (answer.status_code, "is no digest" in answer.text) == (400, True)


def test_a_digest_that_nobody_reported_is_told(site: httpx.Client) -> None:
    answer = site.get(f"/search?digest=sha256:{'0' * 64}")
    assert (answer.status_code, "holds no report of" in answer.text) == (200, True)


def test_the_id_of_a_report_leads_to_it(filled: Ledger, site: httpx.Client) -> None:
    key = filled.entries(name="sentiment").entries[0].id
    answer = site.get(f"/search?digest={key}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/reports/{key}")


def test_a_digest_that_is_being_tested_is_running(
    ledger: Ledger,
    serving: Callable[..., httpx.Client],
    make_report: Callable[..., bytes],
) -> None:
    ledger.add(make_report("pass", "sha256:" + HEX, "sit"), publisher="ci")
    ledger.announce("sha256:" + HEX, "prd", "sentiment", 2, 7, "ci", 60)
    text = serving(read="open", environments=["sit", "prd"]).get(f"/search?digest={HEX}").text
    assert "running, 2/7 checks" in text
