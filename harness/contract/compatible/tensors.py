"""The tensors of two contracts compared: names, datatypes, shapes, bounds, the order of labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.contract.compatible.changes import Change, Kind, Side, at, change
from harness.model import Severity

if TYPE_CHECKING:
    from harness.config.schema import Tensor

_KEYS = {Side.REQUEST: "inputs", Side.RESPONSE: "outputs"}
_NOUNS = {Side.REQUEST: "input", Side.RESPONSE: "output"}


def compare(side: Side, old: Sequence[Tensor], new: Sequence[Tensor]) -> list[Change]:
    """Every change from the `old` inputs (requests) or outputs (responses) to the `new` ones."""
    before, now = _by_name(side, old), _by_name(side, new)
    if not old or not new:
        return _undeclared(side, old, new)
    changes = []
    for name in [*before, *(name for name in now if name not in before)]:
        if name not in now:
            changes.append(_gone(side, *before[name]))
        elif name not in before:
            changes.append(_come(side, *now[name]))
        else:
            changes += _tensor(side, before[name], now[name])
    return changes


def _by_name(side: Side, tensors: Sequence[Tensor]) -> dict[str, tuple[str, Tensor]]:
    return {t.name: (f"#/{_KEYS[side]}/{i}", t) for i, t in enumerate(tensors)}


def _undeclared(side: Side, old: Sequence[Tensor], new: Sequence[Tensor]) -> list[Change]:
    if not old and not new:
        return []
    pointer = f"#/{_KEYS[side]}"
    names = [tensor.name for tensor in (old or new)]
    nouns = f"{_NOUNS[side]}s"
    there = at(pointer, names), at(pointer, None)
    if old:
        severity, what = Severity.DOUBT, "are declared no more: they cannot be compared"
    else:
        severity, what = Severity.INFO, "are declared for the first time"
        there = there[1], there[0]
    message = f"{side}: {nouns} {what}"
    kind = "undeclared" if old else "declared"
    return [Change(f"{_KEYS[side]}-{kind}", severity, message, *there, f"{side}{pointer}")]


def _gone(side: Side, pointer: str, tensor: Tensor) -> Change:
    effect = "clients that read it find nothing"
    if side is Side.REQUEST:
        effect = "requests that carry it, which clients send today, may be refused"
    return _named(side, "removed", Severity.ERROR, effect, tensor, (pointer, tensor.name), None)


def _come(side: Side, pointer: str, tensor: Tensor) -> Change:
    severity, effect = Severity.INFO, "additive"
    if side is Side.REQUEST:
        severity = Severity.ERROR
        effect = "requests without it, which clients send today, are refused"
    return _named(side, "added", severity, effect, tensor, None, (pointer, tensor.name))


def _named(
    side: Side,
    verb: str,
    severity: Severity,
    effect: str,
    tensor: Tensor,
    old: tuple[str, Any] | None,
    new: tuple[str, Any] | None,
) -> Change:
    noun, missing = _NOUNS[side], (f"#/{_KEYS[side]}", None)
    message = f"{side}: {noun} {tensor.name!r} was {verb}: {effect}"
    here = new or missing
    there = at(*(old or missing)), at(*here)
    return Change(f"{noun}-{verb}", severity, message, *there, f"{side}{here[0]}")


def _tensor(side: Side, old: tuple[str, Tensor], new: tuple[str, Tensor]) -> Iterator[Change]:
    a, b = old[1], new[1]
    found = (
        ("datatype", None if a.datatype == b.datatype else Kind.CHANGED, a.datatype, b.datatype),
        ("shape", _shape(a.shape, b.shape), a.shape, b.shape),
        ("range", _range(a.range, b.range), a.range, b.range),
        ("sums_to", _sum(a.sums_to, b.sums_to), a.sums_to, b.sums_to),
        ("argmax_of", _sum(a.argmax_of, b.argmax_of), a.argmax_of, b.argmax_of),
    )
    for key, kind, before, now in found:
        if kind is not None:
            what = f"{key} of {_NOUNS[side]} {a.name!r} has changed"
            there = (f"{old[0]}/{key}", before), (f"{new[0]}/{key}", now)
            yield change(side, f"tensor-{key.replace('_', '-')}", kind, what, *there)
    yield from _labels(side, old, new)


def _shape(old: Sequence[int | str], new: Sequence[int | str]) -> Kind | None:
    """A word stands for any number; the same word twice says that two dimensions agree."""
    if len(old) != len(new):
        return Kind.CHANGED
    pairs = list(zip(old, new, strict=True))
    if any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs):
        return Kind.CHANGED
    fixed = any(isinstance(a, str) and isinstance(b, int) for a, b in pairs)
    freed = any(isinstance(a, int) and isinstance(b, str) for a, b in pairs)
    if fixed or freed:
        return Kind.CHANGED if fixed and freed else (Kind.NARROWED if fixed else Kind.WIDENED)
    agree = [[shape.index(d) for d in shape] for shape in (old, new)]
    return None if agree[0] == agree[1] else Kind.UNKNOWN


def _range(old: Sequence[float] | None, new: Sequence[float] | None) -> Kind | None:
    (a, b), (c, d) = ((-math.inf, math.inf) if r is None else (r[0], r[1]) for r in (old, new))
    if (a, b) == (c, d):
        return None
    if a <= c and d <= b:
        return Kind.NARROWED
    return Kind.WIDENED if c <= a and b <= d else Kind.CHANGED


def _sum(old: object, new: object) -> Kind | None:
    """A promise that is only ever made, dropped, or another one."""
    if old == new:
        return None
    if old is None or new is None:
        return Kind.NARROWED if old is None else Kind.WIDENED
    return Kind.CHANGED


def _labels(side: Side, old: tuple[str, Tensor], new: tuple[str, Tensor]) -> Iterator[Change]:
    """Listed values are a set; the names of columns have an order, and clients count on it."""
    (was, a), (now, b) = old, new
    if a.labels == b.labels:
        return
    there = (f"{was}/labels", a.labels), (f"{now}/labels", b.labels)
    what = f"the labels of {_NOUNS[side]} {a.name!r} have changed"
    if not a.labels or not b.labels:
        kind = Kind.WIDENED if a.labels else Kind.NARROWED
        yield change(side, "labels", kind, what, *there)
    elif b.datatype != "BYTES" or a.argmax_of or b.argmax_of:
        what = f"{what}, or their order: a column means another thing now"
        yield change(side, "labels", Kind.CHANGED, what, *there)
    elif set(a.labels) != set(b.labels):
        yield _listed(side, a, b, what, there)


def _listed(
    side: Side, a: Tensor, b: Tensor, what: str, there: tuple[tuple[str, Any], tuple[str, Any]]
) -> Change:
    before, now = set(a.labels), set(b.labels)
    kind = Kind.WIDENED if before < now else Kind.NARROWED if now < before else Kind.CHANGED
    if side is Side.REQUEST or kind is Kind.CHANGED:
        return change(side, "labels", kind, what, *there)
    effect = "clients have to know" if kind is Kind.WIDENED else "clients wait in vain"
    message = f"{side}: {what}: {effect}"
    old, new = at(*there[0]), at(*there[1])
    where = f"{side}{there[1][0]}"
    return Change(f"{side}-labels-{kind}", Severity.WARNING, message, old, new, where)
