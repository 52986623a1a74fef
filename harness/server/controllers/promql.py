"""The part of PromQL that controllers ask the gate: `vector(1)`, a sum, or one selector.

A small grammar in place of a whole parser: what is not in it is refused with a sentence, and no
query can make the service work long.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_QUERY = 2048
UNDERSTOOD = 'vector(1), 1+1, or a selector like releasegate_pass{digest="sha256:..."}'
_NUMBER = r"[0-9]{1,17}(?:\.[0-9]{1,17})?"
_VECTOR = re.compile(rf"vector\s*\(\s*({_NUMBER})\s*\)")
_SUM = re.compile(rf"({_NUMBER})(?:\s*\+\s*({_NUMBER}))?")
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]{0,255})\s*(?:\{(.*)\})?", re.DOTALL)
_MATCHER = re.compile(
    r"\s*([a-zA-Z_][a-zA-Z0-9_]{0,63})\s*(=~|!~|!=|=)\s*"
    r"(?:\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'|`([^`]*)`)\s*(,|$)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t", "r": "\r"}


class PromqlError(ValueError):
    """The query is not one that is understood."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, as a scalar or as a vector of one element without labels."""

    value: float
    vector: bool


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric, and labels with the values that they must have."""

    metric: str
    labels: Mapping[str, str] = field(default_factory=dict)


def parse(query: str) -> Constant | Selector:
    """Read a query. Raises PromqlError, whose text says what is understood."""
    text = query.strip()
    if len(text) > MAX_QUERY:
        raise PromqlError(f"a query of {len(text)} characters, expected at most {MAX_QUERY}")
    if (match := _VECTOR.fullmatch(text)) is not None:
        return Constant(float(match[1]), vector=True)
    if (match := _SUM.fullmatch(text)) is not None:
        return Constant(float(match[1]) + float(match[2] or 0), vector=False)
    if (match := _SELECTOR.fullmatch(text)) is not None:
        return Selector(match[1], _labels(match[2] or ""))
    raise PromqlError(f"not understood: {text[:80]!r}; expected {UNDERSTOOD}")


def _labels(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while text[at:].strip():
        match = _MATCHER.match(text, at)
        if match is None:
            raise PromqlError(f"not a label matcher: {text[at : at + 60]!r}; expected {UNDERSTOOD}")
        name, operator = match[1], match[2]
        if operator != "=":
            raise PromqlError(f"{name}{operator}: only = is understood here")
        if name in found:
            raise PromqlError(f"label {name!r} is given twice")
        found[name] = match[5] if match[5] is not None else _unescaped(match[3] or match[4] or "")
        at = match.end()
    return found


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise PromqlError(f"unknown escape {match[0]!r} in a string")
        return _ESCAPES[match[1]]

    return _ESCAPE.sub(one, text)


def quoted(text: str) -> str:
    """`text` for the inside of a PromQL string, whichever quotes the string has.

    Whatever could end a string, begin an escape or a regular expression is written as a code
    point; of backticks, which know no escapes, none is left.
    """
    return "".join(char if _PLAIN.fullmatch(char) else _point(char) for char in text)


_PLAIN = re.compile(r"[A-Za-z0-9_:/@.\- ]")


def _point(char: str) -> str:
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:  # half a pair is no text
        code = 0xFFFD
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shown(value: float) -> str:
    """A sample's value as Prometheus writes it. Raises ValueError where it is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is not finite")
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
