"""Numbers and texts that meet every part of a conjunction."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from harness.contract.generate.conjunction import Conjunction, Impossible
from harness.contract.generate.formats import SAMPLES
from harness.contract.generate.patterns import matching
from harness.contract.requests.chance import Chance
from harness.contract.requests.texts import TEXTS

_WIDTH = 20  # of a range with an open end
_FINE = 1_000_000  # steps between the ends of a range of real numbers
_DIGITS = 6
_LONGEST = 20_000  # characters of a text at its declared greatest length
_HUGE = 1_000_000  # characters, above which a text that has to be so long is not made up
_TRIES = 12


def number(chance: Chance, found: Conjunction, whole: bool) -> int | float:
    """A number within all bounds that is a multiple of all steps. Raises Impossible."""
    steps = [Fraction(str(step)) for step in found.all("multipleOf")]
    if whole:
        steps.append(Fraction(1))
    low, high = _bounds(found)
    if not steps:
        return _real(chance, low, high, found)
    step = _common(steps)
    first, last = math.ceil(low / step), math.floor(high / step)
    first += first * step in _excluded(found, "exclusiveMinimum")
    last -= last * step in _excluded(found, "exclusiveMaximum")
    if last < first:
        raise Impossible
    value = chance.between(first, last) * step
    return int(value) if value.denominator == 1 else float(value)


def _real(chance: Chance, low: Fraction, high: Fraction, found: Conjunction) -> int | float:
    place = chance.between(
        int(low in _excluded(found, "exclusiveMinimum")),
        _FINE - int(high in _excluded(found, "exclusiveMaximum")),
    )
    if place in (0, _FINE):
        end = low if place == 0 else high
        return int(end) if end.denominator == 1 else float(end)
    value = float(low + (high - low) * place / _FINE)
    rounded = round(value, _DIGITS)
    return rounded if low < Fraction(rounded) < high else value


def _bounds(found: Conjunction) -> tuple[Fraction, Fraction]:
    lows = [Fraction(str(n)) for n in found.all("minimum") + found.all("exclusiveMinimum")]
    highs = [Fraction(str(n)) for n in found.all("maximum") + found.all("exclusiveMaximum")]
    low, high = max(lows, default=None), min(highs, default=None)
    width = max([Fraction(_WIDTH), *(10 * Fraction(str(n)) for n in found.all("multipleOf"))])
    if low is None:
        low = -width / 2 if high is None else high - width
    high = low + width if high is None else high
    if high < low:
        raise Impossible
    return low, high


def _excluded(found: Conjunction, keyword: str) -> set[Fraction]:
    return {Fraction(str(n)) for n in found.all(keyword)}


def _common(steps: list[Fraction]) -> Fraction:
    """The least common multiple of fractions."""
    denominator = math.lcm(*(step.denominator for step in steps))
    return Fraction(math.lcm(*(int(step * denominator) for step in steps)), denominator)


def text(chance: Chance, found: Conjunction) -> str:
    """A text of a proper length that has every format and pattern. Raises Impossible."""
    least = math.ceil(max(found.all("minLength"), default=0))
    most = min(map(math.floor, found.all("maxLength")), default=None)
    if least > _HUGE or (most is not None and most < least):
        raise Impossible
    formats, patterns = found.all("format"), found.all("pattern")
    for _ in range(_TRIES):
        drawn = _candidate(chance, formats, patterns, least, most)
        long_enough = len(drawn) >= least and (most is None or len(drawn) <= most)
        if long_enough and all(_has(pattern, drawn) for pattern in patterns):
            return drawn
    raise Impossible


def _candidate(
    chance: Chance, formats: list[str], patterns: list[str], least: int, most: int | None
) -> str:
    known = [name for name in formats if name in SAMPLES]
    if known:
        return chance.pick(SAMPLES[known[0]])
    if patterns:
        return matching(chance, chance.pick(patterns), least)
    return _plain(chance, least, most)


def _plain(chance: Chance, least: int, most: int | None) -> str:
    way = chance.below(8)
    if way == 0:
        return "x" * least
    if way == 7 and most is not None:
        return "x" * min(most, max(least, _LONGEST))
    drawn = chance.pick(TEXTS)
    return (drawn + "x" * (least - len(drawn)))[:most]


def _has(pattern: str, drawn: str) -> bool:
    """By the engine, whose search is bounded: Python's `re` may take for ever (CWE-1333)."""
    import jsonschema_rs

    try:
        return bool(jsonschema_rs.is_valid({"pattern": pattern}, drawn))
    except (ValueError, UnicodeError):  # half of a surrogate pair is no text to the engine
        return False


def constant(values: list[list[Any]]) -> list[Any]:
    """What all of these lists have in common, by JSON's idea of equality."""
    first, *others = values
    return [item for item in first if all(contains(other, item) for other in others)]


def contains(items: list[Any], wanted: Any) -> bool:
    """Whether one of `items` equals `wanted`, for JSON's idea of equality: true is not 1."""
    return any(
        item == wanted and isinstance(item, bool) == isinstance(wanted, bool) for item in items
    )
