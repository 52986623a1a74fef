"""Rows whose answer changed: which, from what to what, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from harness.accuracy.metrics.base import View
from harness.accuracy.workers import Array

SHOWN = 50  # rows that are kept when counts of blocks are added; a ledger gets them all
_COMPLETE = 16  # so many scores are kept whole, of more the highest ones
_HIGHEST = 5
BINS = 20  # of margins, from 0 to 1


@dataclass(frozen=True, slots=True)
class Flip:
    """A row on which the two models differ."""

    row: int  # its number in the data set, from 0
    label: str
    reference: str  # class, or "none" where there was no answer that means one
    candidate: str
    reference_scores: tuple[float, ...] = ()  # of all classes, or of `classes`
    candidate_scores: tuple[float, ...] = ()
    harmful: bool = False  # the reference was right, and the candidate is not
    margin: float | None = None  # between the reference's two highest scores
    classes: tuple[tuple[int, ...], ...] = ()  # of the scores of each side; (): all, from 0


@dataclass(frozen=True, slots=True, eq=False)
class Flips:
    """Some such rows, column by column, first dimension the rows."""

    rows: Array
    labels: Array
    reference: Array  # classes; without meaning where not `known`
    candidate: Array
    known: Array  # bool, shape (m, 2): whether each side gave a class
    harmful: Array
    margins: Array  # float64; NaN where the reference has no two scores
    reference_classes: Array  # int32, shape (m, t): which classes the scores are of
    reference_scores: Array  # shape (m, t)
    candidate_classes: Array
    candidate_scores: Array

    def __len__(self) -> int:
        return len(self.rows)

    def __add__(self, other: Flips) -> Flips:
        """The first `SHOWN` of both."""
        if len(self) >= SHOWN or not len(other):
            return self.first(SHOWN)
        if not len(self):
            return other.first(SHOWN)
        joined = (np.concatenate([a, b])[:SHOWN] for a, b in zip(self, other, strict=True))
        return Flips(*joined)

    def __iter__(self) -> Iterator[Array]:
        return (getattr(self, field.name) for field in fields(self))

    def first(self, most: int) -> Flips:
        """No more than `most` of them."""
        return Flips(*(column[:most] for column in self))

    def arrays(self) -> dict[str, Array]:
        """The columns by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def records(self) -> Iterator[Flip]:
        """One by one."""
        for i in range(len(self)):
            yield Flip(
                row=int(self.rows[i]),
                label=str(self.labels[i]),
                reference=str(self.reference[i]) if self.known[i, 0] else "none",
                candidate=str(self.candidate[i]) if self.known[i, 1] else "none",
                reference_scores=tuple(float(s) for s in self.reference_scores[i]),
                candidate_scores=tuple(float(s) for s in self.candidate_scores[i]),
                harmful=bool(self.harmful[i]),
                margin=None if np.isnan(self.margins[i]) else float(self.margins[i]),
                classes=self._named(i),
            )

    def _named(self, i: int) -> tuple[tuple[int, ...], ...]:
        sides = (self.reference_classes[i], self.candidate_classes[i])
        if all((side == np.arange(len(side))).all() for side in sides):
            return ()
        return tuple(tuple(int(k) for k in side) for side in sides)


def flips_of(view: View, changed: Array, harmful: Array) -> Flips:
    """The rows where `changed`, shape (n,); `harmful` says where only the reference is right."""
    at = np.flatnonzero(changed)
    first, second = view.sides
    kept = [*_kept(first.scores[at]), *_kept(second.scores[at])]
    known = np.stack([first.known[at], second.known[at]], axis=1)
    margins = _margins(first.scores[at])
    classes = first.classes[at], second.classes[at]
    return Flips(view.ids[at], view.labels[at], *classes, known, harmful[at], margins, *kept)


def binned(scheme_scale: str, flips: Flips) -> Array:
    """How many margins lie in each of `BINS` bins of [0, 1]; logits as probabilities.

    int64, shape (BINS,). Margins that cannot be known are in no bin.
    """
    margins: Array = flips.margins
    if scheme_scale == "logits":  # of the two highest classes alone
        margins = np.tanh(margins / 2)
    margins = margins[np.isfinite(margins)]
    bins = np.clip((margins * BINS).astype(np.int64), 0, BINS - 1)
    return np.bincount(bins, minlength=BINS)


def _margins(scores: Array) -> Array:
    if scores.shape[1] < 2 or not len(scores):
        return np.full(len(scores), np.nan)
    two = np.partition(scores.astype(np.float64), -2, axis=1)[:, -2:]
    margins: Array = two[:, 1] - two[:, 0]
    return margins


def _kept(scores: Array) -> tuple[Array, Array]:
    """Which scores are kept of each row, and these."""
    width = scores.shape[1]
    if width <= _COMPLETE:
        every = np.broadcast_to(np.arange(width, dtype=np.int32), scores.shape)
        return every.copy(), scores
    best = np.argsort(-scores.astype(np.float64), axis=1, kind="stable")[:, :_HIGHEST]
    return best.astype(np.int32), np.take_along_axis(scores, best, axis=1)


def flips_from(arrays: dict[str, Any]) -> Flips:
    """Back from the columns by name."""
    return Flips(**arrays)
