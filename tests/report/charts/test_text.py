"""Text stays text."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import text


def drawn(data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(f"<div>{text.draw('Title', data)}</div>")


def test_text_is_shown_as_text() -> None:
    (shown,) = drawn({"text": "a < b\n\tc"}).iter("pre")
    assert shown.text == "a < b\n\tc"
