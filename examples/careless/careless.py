"""The sentiment service after one careless change: the answer became a text."""

from __future__ import annotations

from typing import Any

from webapp.app import create_app


def answer(positive: bool) -> dict[str, Any]:
    """`"false"` is true in most languages: whoever asks will take every review for praise."""
    return {"positive": str(positive).lower()}


app = create_app(answer)
