"""Text as it is: {"text"}."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from harness.report.svg import tag


def draw(title: str, data: dict[str, Any]) -> Markup:
    """Preformatted."""
    text = data.get("text")
    if not isinstance(text, str):
        raise ValueError("expected a text")
    return tag("pre", text, tabindex=0, aria_label=title)
