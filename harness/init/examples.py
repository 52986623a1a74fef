"""The user's examples, asked once more and written down with what came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.contract.text import shown
from harness.errors import ConfigError
from harness.init.ask import Asking
from harness.init.draft import EXAMPLES, Draft, lines


def recorded(
    draft: Draft, asking: Asking, path: str, examples: Sequence[Any]
) -> tuple[Draft, list[dict[str, Any]]]:
    """The draft with its examples, and their lines; a served one comes first.

    One that is refused stays, as an example of what is refused; one that crashes the service is
    left out and told. Raises ConfigError where none of them is served.
    """
    rows = [asking.row(path, example) for example in examples]
    kept = sorted((row for row in rows if row["status"] < 500), key=lambda row: row["status"])
    for row in rows:
        if row["status"] >= 500:
            text = shown(row["request"], 60)
            draft = draft.having(f"left out: an example answered with {row['status']}: {text}")
    if rows and not any(row["status"] == 200 for row in rows):
        came = asking.value(path, examples[0]).came_back()
        raise ConfigError(f"no example was served: POST {path}: {came}")
    return (draft.holding("examples", EXAMPLES, lines(kept)) if kept else draft), kept
