"""Writing TOML: tables, lists of tables, and plain values, for a file that people go on editing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def dumps(document: Mapping[str, Any]) -> str:
    """The text of a document; None is left out."""
    return "\n".join(_table(document, ())).strip() + "\n"


def _table(table: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[str]:
    said = {key: value for key, value in table.items() if value is not None}
    for key, value in said.items():
        if not isinstance(value, dict) and not _is_tables(value):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in said.items():
        where = (*at, key)
        name = ".".join(map(_key, where))
        if isinstance(value, dict):
            yield f"\n[{name}]"
            yield from _table(value, where)
        elif _is_tables(value):
            for row in value:
                yield f"\n[[{name}]]"
                yield from _table(row, where)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # JSON's text and numbers are TOML's, but for the escape of a slash, which is never written.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
