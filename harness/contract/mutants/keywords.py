"""Copies of a request that break one keyword of its schema each: a text too long, a step too low.

What is written down here only tries to break a keyword; whether the whole schema forbids the copy,
behind every anyOf and not, is for its validator to say.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from harness.contract.generate.composites import items_at, members_at
from harness.contract.generate.conjunction import Conjunction, Node
from harness.contract.mutants.values import replaced
from harness.contract.schema.explain import registered
from harness.contract.schema.schemas import Schema
from harness.contract.text import json_path, shown

_DEEP = 12  # levels of a value that are looked into
_PARTS = 40  # subschemas of one place: a reference to itself never ends
_ITEMS = 2  # of a list that are looked into, the first ones; tuples are short
_LONGEST = 100_000  # characters or items that are sent to break an upper bound
_FORGIVEN = ("uniqueItems",)  # many readers make a set of such a list, without a word
_STEP = 1e-3  # beyond a bound of real numbers, relative to it

Path = tuple[Any, ...]
# (what was changed, the changed request, whether lenient readers forgive it)
Mutant = tuple[str, Any, bool]


def keyword_mutants(schema: Schema, value: Any) -> Iterator[Mutant]:
    """Copies of `value`, which the schema accepts, with one keyword broken at one place each."""
    from referencing.exceptions import Unresolvable

    _, resolver = registered(schema.document, schema.kind, schema.library)
    walker = _Walker(schema.kind == "Draft7Validator")
    try:
        for path, parts, item in walker.walk([Node(schema.document, resolver)], value, ()):
            for what, wrong, forgiven in _broken(parts, item):
                yield f"{what} at {json_path(path)}", replaced(value, path, wrong), forgiven
    except (Unresolvable, RecursionError):
        return


class _Walker:
    """Finds for each place of a value the subschemas that speak of it."""

    def __init__(self, draft7: bool) -> None:
        self._draft7 = draft7

    def walk(
        self, nodes: list[Node], value: Any, path: Path
    ) -> Iterator[tuple[Path, list[dict[str, Any]], Any]]:
        parts = list(itertools.islice(self._opened(nodes), _PARTS))
        yield path, [part.schema for part in parts], value
        found = Conjunction(parts)
        if len(path) >= _DEEP:
            return
        if isinstance(value, dict):
            for name, item in value.items():
                yield from self.walk(members_at(found, name), item, (*path, name))
        elif isinstance(value, list):
            for index, item in enumerate(value[:_ITEMS]):
                nodes = items_at(found, index, self._draft7)
                yield from self.walk(nodes, item, (*path, index))

    def _opened(self, nodes: list[Node]) -> Iterator[Node]:
        """The schemas that hold here, and those that may: every branch of a choice."""
        waiting = list(nodes)
        while waiting:
            node = waiting.pop(0)
            if not isinstance(node.schema, dict):
                continue
            if "$ref" in node.schema:
                found = node.resolver.lookup(node.schema["$ref"])
                waiting.append(Node(found.contents, found.resolver))
            yield node
            for keyword in ("allOf", "anyOf", "oneOf"):
                branches = node.schema.get(keyword, ())
                waiting += [Node(branch, node.resolver) for branch in branches]


def _broken(parts: list[dict[str, Any]], item: Any) -> Iterator[Mutant]:
    breakers = _BREAKERS.get(type(item), {})
    for part in parts:
        for keyword, break_it in breakers.items():
            if keyword in part:
                for wrong in break_it(part[keyword], item):
                    yield f"{_told(keyword, part[keyword])} broken", wrong, keyword in _FORGIVEN
        for wrong in _no_choice(part, item):
            yield "none of the values of the enum", wrong, False
    if type(item) in (int, float):
        yield "true instead of a number", True, True
        yield "a number as text", str(item), True


def _told(keyword: str, said: Any) -> str:
    scalar = isinstance(said, (int, float, str)) and not isinstance(said, bool)
    return f"{keyword} {shown(said, 20)}" if scalar else keyword


def _no_choice(part: dict[str, Any], item: Any) -> Iterator[Any]:
    known = [part["const"]] if "const" in part else part.get("enum")
    if not known:
        return
    if isinstance(item, str):
        yield "no such value"
    elif type(item) in (int, float):
        numbers = [one for one in known if type(one) in (int, float)]
        yield max(numbers, default=0) + 1


def _below(bound: Any, item: Any) -> Iterator[Any]:
    yield bound - _step(bound, item)


def _above(bound: Any, item: Any) -> Iterator[Any]:
    yield bound + _step(bound, item)


def _step(bound: Any, item: Any) -> Any:
    whole = isinstance(item, int) and bound == int(bound)
    return 1 if whole else _STEP * max(1.0, abs(bound))


def _at(bound: Any, item: Any) -> Iterator[Any]:
    yield bound


def _between(step: Any, item: Any) -> Iterator[Any]:
    yield item + (1 if isinstance(item, int) and step > 1 else step / 2)


def _longer(most: Any, item: Any) -> Iterator[Any]:
    """A text or a list one longer than `most`, of the same pieces."""
    count = int(most) + 1
    if count > _LONGEST:
        return
    pieces = item or ("x" if isinstance(item, str) else [])
    repeated = pieces * (count // len(pieces) + 1) if pieces else pieces
    if len(repeated) >= count:
        yield repeated[:count]


def _shorter(least: Any, item: Any) -> Iterator[Any]:
    if least >= 1:
        yield item[: int(least) - 1]


def _unmatched(pattern: Any, item: Any) -> Iterator[Any]:
    yield from ("", "\n", f"{item} \u00a7")


def _formless(name: Any, item: Any) -> Iterator[Any]:
    yield f"no {name}"


def _doubled(unique: Any, item: Any) -> Iterator[Any]:
    if unique and item:
        yield [*item, item[0]]


def _without(names: Any, item: Any) -> Iterator[Any]:
    for name in names:
        if name in item:
            yield {key: value for key, value in item.items() if key != name}


def _dangling(table: Any, item: Any) -> Iterator[Any]:
    for name, dragged in table.items():
        if name in item:
            yield from _without(dragged, item)


def _unknown(allowed: Any, item: Any) -> Iterator[Any]:
    if allowed is False:
        yield {**item, "unexpected": 1}


_Breaker = Callable[[Any, Any], Iterator[Any]]
_OF_NUMBERS: dict[str, _Breaker] = {
    "minimum": _below,
    "maximum": _above,
    "exclusiveMinimum": _at,
    "exclusiveMaximum": _at,
    "multipleOf": _between,
}
_BREAKERS: dict[type, dict[str, _Breaker]] = {
    int: _OF_NUMBERS,
    float: _OF_NUMBERS,
    str: {
        "minLength": _shorter,
        "maxLength": _longer,
        "pattern": _unmatched,
        "format": _formless,
    },
    list: {"minItems": _shorter, "maxItems": _longer, "uniqueItems": _doubled},
    dict: {
        "required": _without,
        "dependentRequired": _dangling,
        "additionalProperties": _unknown,
        "unevaluatedProperties": _unknown,
    },
}
