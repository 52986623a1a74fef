"""The style and the picture of the site are for everybody, and kept by browsers."""

from __future__ import annotations

import re

import httpx


def test_the_style_is_the_one_that_pages_name_and_changes_its_name_with_its_content(
    closed: httpx.Client,
) -> None:
    (link,) = re.findall(r'href="(/assets/site\.css\?[0-9a-f]{12})"', closed.get("/login").text)
    answer = closed.get(link)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert "--pass:" in answer.text and ".trends" in answer.text


def test_the_style_fetches_nothing(closed: httpx.Client) -> None:
    assert not re.search(r"url\(|@import", closed.get("/assets/site.css").text)


def test_the_picture_is_one(closed: httpx.Client) -> None:
    assert closed.get("/assets/icon.svg").headers["content-type"] == "image/svg+xml"
