"""Members of an answer that may differ each time: the paths that name them, and values without."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from harness.errors import ConfigError

ANY = "[*]"
_STEP = re.compile(r"""\.(?P<name>[^.\[\]"'\s]+)|\[(?P<index>\d+|\*)\]|\[(?P<quoted>"[^"]*")\]""")

Path = tuple[str | int, ...]  # members by name, items by index, ANY for each of them


def read_path(text: str) -> Path:
    """`$.predictions[*].latency_ms` in its parts. Raises ConfigError where it is no such path."""
    parts: list[str | int] = []
    at = 1
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            break
        at = step.end()
        if step["name"] is not None:
            parts.append(ANY if step["name"] == "*" else step["name"])
        elif step["quoted"] is not None:
            parts.append(json.loads(step["quoted"]))
        else:
            parts.append(ANY if step["index"] == "*" else int(step["index"]))
    if not text.startswith("$") or at < len(text) or not parts:
        raise ConfigError(
            f"contract.volatile: {text!r} is no JSON path, expected one like '$.request_id', "
            "'$.predictions[*].latency_ms' or '$[\"request id\"]'"
        )
    return tuple(parts)


def read_paths(texts: Sequence[str]) -> tuple[Path, ...]:
    """As `read_path`, for each."""
    return tuple(read_path(text) for text in texts)


def without(value: Any, paths: Sequence[Path]) -> Any:
    """`value` without what the paths name; what they do not touch is shared, not copied."""
    if not paths or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            below = _below(paths, name)
            if () not in below:
                kept[name] = without(item, below)
        return kept
    inside = [_below(paths, index) for index in range(len(value))]
    return [
        without(item, below) for item, below in zip(value, inside, strict=True) if () not in below
    ]


def _below(paths: Sequence[Path], part: str | int) -> list[Path]:
    return [path[1:] for path in paths if path and path[0] in (part, ANY)]


def hides(value: Any, paths: Sequence[Path]) -> bool:
    """Whether the paths leave nothing of `value` that could be compared."""
    return _says(value) and not _says(without(value, paths))


def _says(value: Any) -> bool:
    """Whether anything but braces and brackets is in it."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, (dict, list)):
            waiting += list(item.values() if isinstance(item, dict) else item)
        else:
            return True
    return False
