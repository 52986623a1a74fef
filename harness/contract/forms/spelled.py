"""The same JSON value in other spellings, which RFC 8259 makes equal for every reader."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from harness.contract.forms.base import Encoding
from harness.contract.requests.cases import JSON_TYPE, dumps

Spell = Callable[[Any], str]  # of a text or a number


def spellings(value: Any) -> Iterator[Encoding]:
    """A request as other writers of JSON would write it; only what differs from `dumps`."""
    plain = dumps(value)
    texts = {
        "members in another order": _written(_reversed(value), _text, _number),
        "whitespace between tokens": _spaced(value),
        "escaped characters": _written(value, _escaped, _number),
        "numbers with an exponent": _written(value, _text, _exponent),
    }
    for name, text in texts.items():
        body = text.encode("utf-8", "surrogatepass")
        if body != plain:
            yield spelled(name, body)


def spelled(name: str, body: bytes) -> Encoding:
    """JSON in another spelling, which whoever reads JSON has to read."""
    return Encoding(f"JSON with {name}", {"Content-Type": JSON_TYPE}, body, promised=True)


def _spaced(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent="\t", separators=(" ,", " :\r\n "))
    return f"\r\n {text}\n"


def _written(value: Any, text: Spell, number: Spell) -> str:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        members = (f"{text(name)}:{_written(item, text, number)}" for name, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(item, text, number) for item in value) + "]"
    return number(value) if isinstance(value, float) else json.dumps(value)


def _reversed(value: Any) -> Any:
    """Members last first, as RFC 8259 section 4 leaves their order open."""
    if isinstance(value, dict):
        return {name: _reversed(item) for name, item in reversed(value.items())}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(number: float) -> str:
    return json.dumps(number)


def _escaped(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass").hex()
    return '"' + "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4)) + '"'


def _exponent(number: float) -> str:
    """The digits that Python writes, moved: the same decimal number, so the same double."""
    return f"{Decimal(repr(number)):e}"
