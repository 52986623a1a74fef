"""Requests near the examples: the same members with other texts and other numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from harness.contract.requests.cases import Example
from harness.contract.requests.chance import Chance
from harness.contract.requests.texts import RIGHT_TO_LEFT, RUNS, TEXTS
from harness.contract.text import shown

_SHOWN = 2  # examples whose texts are replaced
_NUMBERS = 6  # requests with other numbers
_SEED = 1


def varied(examples: Sequence[Example]) -> Iterator[tuple[str, Any]]:
    """What was changed, and the request; whether it is still valid is for the schema to say."""
    for text in (*TEXTS, *RIGHT_TO_LEFT, *RUNS):
        for example in examples[: _SHOWN if text in TEXTS else 1]:
            value = mapped(example.request, partial(_text, text))
            if value != example.request:
                yield f"example on line {example.line} with the text {shown(text, 20)}", value
    for example in examples[:_SHOWN]:
        emptied = itertools.count()
        value = mapped(example.request, lambda item: _first_emptied(item, emptied))
        if value != example.request:
            yield f"example on line {example.line} with its first text empty", value
    chance = Chance.seeded(_SEED)
    for number in range(_NUMBERS if examples else 0):
        example = examples[number % len(examples)]
        value = mapped(example.request, lambda item: nudged(item, chance))
        if value != example.request:
            yield f"example on line {example.line} with other numbers {number + 1}", value


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy with `change` applied to every text, number, boolean and null."""
    if isinstance(value, list):
        return [mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {name: mapped(item, change) for name, item in value.items()}
    return change(value)


def nudged(item: Any, chance: Chance) -> Any:
    """A number up to a half larger or smaller, of the same kind; anything else as it is."""
    if isinstance(item, bool) or not isinstance(item, (int, float)):
        return item
    factor = chance.between(50, 150) / 100
    if isinstance(item, int):
        return item + chance.between(-1, 1) if abs(item) < 10 else round(item * factor)
    return round(item * factor, 6)


def _first_emptied(item: Any, texts: Iterator[int]) -> Any:
    return "" if isinstance(item, str) and next(texts) == 0 else item


def _text(text: str, item: Any) -> Any:
    return text if isinstance(item, str) else item
