"""Valid requests that no check sends, in any number: load wants hundreds that differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.contract.generate import Drawer, Impossible
from harness.contract.requests import plans
from harness.contract.requests.cases import Case, Claim
from harness.contract.requests.chance import Chance
from harness.contract.requests.varied import mapped, nudged

if TYPE_CHECKING:
    from harness.contract.requests.source import Source

_TRIES = 64  # in a row that gave nothing new: there is nothing more
_KINDS = ("uniform", "normal", "sparse")  # of cells: what clients send, without the corners


def fresh(source: Source, rows: int | None = None, seed: int = 1) -> Iterator[Case]:
    """Different valid requests of so many rows, the same ones for a seed, until there are no more.

    Without `rows`, as many as the examples have, else one. Where inputs are declared they are
    drawn and promised; else rows of the examples are put together anew, and where a schema says
    that the request is still valid, its texts get other words and its numbers other values: that
    much is allowed, and a service may refuse it.
    """
    chance = Chance.seeded(seed)
    seen: set[bytes] = set()
    vain = 0
    for case in _made(source, rows, chance):
        digest = b"" if case is None else hashlib.blake2b(case.prepared.body).digest()
        if case is None or digest in seen:
            vain += 1
            if vain >= _TRIES:
                return
            continue
        vain = 0
        seen.add(digest)
        yield case


def _made(source: Source, rows: int | None, chance: Chance) -> Iterator[Case | None]:
    """Without end, or none at all; None for an attempt that came to nothing."""
    shown = [example.request for example in source.examples if example.succeeds]
    split = [found for request in shown if (found := source.form.split(request))]
    if source.form.inputs:
        if rows in (None, 1) or source.form.has_batch:
            yield from _tensors(source, rows or 1, chance)
    elif split:
        yield from _regrouped(source, split, rows, chance)
    elif rows in (None, 1) and source.request is not None:
        yield from _varied(source, shown, chance) if shown else _instances(source, chance)


def _tensors(source: Source, rows: int, chance: Chance) -> Iterator[Case | None]:
    claim = Claim.VALID if source.promised else Claim.ALLOWED
    while True:
        fillings = tuple(
            plans.Filling(plans.KINDS.index(chance.pick(_KINDS)), chance.below(2**31))
            for _ in source.form.inputs
        )
        plan = plans.Plan(source.bound(rows), fillings)
        yield source.planned(plan, claim, f"drawn for load, {rows} rows")


def _regrouped(
    source: Source, split: Sequence[list[Any]], rows: int | None, chance: Chance
) -> Iterator[Case | None]:
    pool = [row for found in split for row in found]
    words = _words(pool)
    while True:
        size = rows or len(chance.pick(split))
        picked = [chance.pick(pool) for _ in range(size)]
        if source.request is not None:
            picked = [_altered(row, words, chance) for row in picked]
        yield _allowed(source, source.form.join(picked))


def _varied(source: Source, shown: Sequence[Any], chance: Chance) -> Iterator[Case | None]:
    words = _words(shown)
    while True:
        yield _allowed(source, _altered(chance.pick(shown), words, chance))


def _instances(source: Source, chance: Chance) -> Iterator[Case | None]:
    assert source.request is not None
    drawer = Drawer(source.request)
    while True:
        try:
            yield _allowed(source, drawer.draw(chance))
        except Impossible:
            yield None


def _allowed(source: Source, value: Any) -> Case | None:
    return None if source.refutes(value) else source.case("varied for load", Claim.ALLOWED, value)


def _altered(value: Any, words: Sequence[str], chance: Chance) -> Any:
    """Sentences of other words, other fractions; whole numbers only where there is nothing else.

    A single word may well be a key that has to exist, and a whole number an index.
    """
    changed = mapped(value, partial(_change, words, chance))
    return mapped(value, lambda item: nudged(item, chance)) if changed == value else changed


def _change(words: Sequence[str], chance: Chance, item: Any) -> Any:
    if isinstance(item, str) and " " in item.strip():
        return " ".join(chance.pick(words) for _ in item.split())
    return nudged(item, chance) if isinstance(item, float) else item


def _words(values: Any) -> list[str]:
    """The words of all sentences in it."""
    found: list[str] = []

    def take(item: Any) -> Any:
        if isinstance(item, str) and " " in item.strip():
            found.extend(item.split())
        return item

    mapped(list(values), take)
    return found
