"""All that is kept of the rows that two models answered. Counts of parts add up to the whole.

Nothing here grows with the number of rows, but for metrics that need every row (`kept`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.accuracy.counting.divergence import Divergence
from harness.accuracy.counting.flips import Flips, flips_from
from harness.accuracy.counting.keyed import Keyed
from harness.accuracy.counting.odd import Odd
from harness.accuracy.counting.table import Table
from harness.accuracy.errors import DatasetError
from harness.accuracy.workers import Array

MOST_PAIRS = 100_000  # different (label, answer, answer) that are told apart
SLICE_VALUES = 1_000  # more values than that are no slices
_KEPT_BYTES = 1 << 30
_KEYED = ("classes", "pairs", "clusters")


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Counts of some rows."""

    rows: int
    cells: Array  # int64, shape (table.CELLS,): see `table`; zeros where answers are no classes
    same: int  # rows with the same usable answer from both
    classes: Keyed  # label -> cells
    pairs: Keyed | None  # (label, reference, candidate) -> rows, see NONE; None: too many
    slices: Mapping[str, Keyed]  # column -> value -> cells
    clusters: Keyed  # cluster -> (n, b, c, same); of some metrics their own sums
    divergence: Divergence
    margins: Array  # int64, shape (flips.BINS,), of flips: see `flips.binned`
    flips: Flips  # of one block all, of a sum the first
    odd: tuple[Odd, Odd] = (Odd(), Odd())  # reference, candidate
    kept: tuple[dict[str, Array], ...] = field(default=())  # of every row, one portion a block

    def __add__(self, other: Counts) -> Counts:
        """Counts of both; floats are added in this order. Raises DatasetError as `count` does."""
        pairs = _paired(self.pairs, other.pairs)
        classes = self.classes + other.classes
        return Counts(
            rows=self.rows + other.rows,
            cells=self.cells + other.cells,
            same=self.same + other.same,
            classes=classes.none() if pairs is None else classes,  # every label is in a pair
            pairs=pairs,
            slices={n: sliced(n, k + other.slices[n]) for n, k in self.slices.items()},
            clusters=self.clusters + other.clusters,
            divergence=self.divergence + other.divergence,
            margins=self.margins + other.margins,
            flips=self.flips + other.flips,
            odd=(self.odd[0] + other.odd[0], self.odd[1] + other.odd[1]),
            kept=self.kept + other.kept,
        )

    def table(self) -> Table:
        """All rows."""
        return Table.of(self.cells)

    def by_class(self) -> dict[str, Table]:
        """One table for each label, in natural order; of too many labels none."""
        return {name: Table.of(cells) for name, cells in self.classes.items()}

    def by_slice(self) -> dict[str, dict[str, Table]]:
        """For each column, one table for each value."""
        return {
            column: {name: Table.of(cells) for name, cells in keyed.items()}
            for column, keyed in self.slices.items()
            if len(keyed)
        }

    def column(self, name: str) -> Array:
        """What was kept of every row under that name, in the order of the blocks.

        Raises DatasetError where that takes more memory than a gate should.
        """
        portions = [portion[name] for portion in self.kept]
        if sum(portion.nbytes for portion in portions) > _KEPT_BYTES:
            raise DatasetError(
                f"the metric needs every row's answer, which takes more than {_KEPT_BYTES >> 30} "
                f"GiB for {self.rows} rows; use fewer rows"
            )
        return np.concatenate(portions)

    def fields(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """As JSON and arrays."""
        portions = [{k: len(v) for k, v in portion.items()} for portion in self.kept]
        known: dict[str, Any] = {
            "rows": self.rows,
            "same": self.same,
            "largest": self.divergence.largest,
            "odd": [side.fields() for side in self.odd],
            "slices": list(self.slices),
            "kept": portions,
        }
        return known, dict(self._arrays())

    @staticmethod
    def of(fields: Mapping[str, Any], arrays: Mapping[str, Array]) -> Counts:
        """Back from JSON and arrays."""
        first, second = (Odd.of(side) for side in fields["odd"])
        keyed = {name: _keyed(name, arrays) for name in _KEYED}
        classes, clusters = keyed["classes"], keyed["clusters"]
        assert classes is not None and clusters is not None
        return Counts(
            rows=int(fields["rows"]),
            cells=arrays["cells"],
            same=int(fields["same"]),
            classes=classes,
            pairs=keyed["pairs"],
            slices={name: _slice(i, arrays) for i, name in enumerate(fields["slices"])},
            clusters=clusters,
            divergence=Divergence(arrays["divergence"], float(fields["largest"])),
            margins=arrays["margins"],
            flips=flips_from(_within("flips.", arrays)),
            odd=(first, second),
            kept=tuple(_within(f"kept.{i}.", arrays) for i in range(len(fields["kept"]))),
        )

    def _arrays(self) -> Iterator[tuple[str, Array]]:
        yield "cells", self.cells
        yield "divergence", self.divergence.sums
        yield "margins", self.margins
        sliced_by = {f"slice.{i}": keyed for i, keyed in enumerate(self.slices.values())}
        named = {name: getattr(self, name) for name in _KEYED}
        for name, keyed in {**named, **sliced_by}.items():
            if keyed is not None:
                yield f"{name}.keys", keyed.keys
                yield f"{name}.sums", keyed.sums
        for name, column in self.flips.arrays().items():
            yield f"flips.{name}", column
        for i, portion in enumerate(self.kept):
            for name, column in portion.items():
                yield f"kept.{i}.{name}", column


def sliced(column: str, keyed: Keyed) -> Keyed:
    """The same. Raises DatasetError for a column of too many values."""
    if len(keyed) > SLICE_VALUES:
        raise DatasetError(
            f"column {column!r} has more than {SLICE_VALUES} values, so it makes no slices"
        )
    return keyed


def _paired(first: Keyed | None, second: Keyed | None) -> Keyed | None:
    """Both, or None for too many: whatever the order of adding, the union decides."""
    if first is None or second is None:
        return None
    both = first + second
    return both if len(both) <= MOST_PAIRS else None


def _keyed(name: str, arrays: Mapping[str, Array]) -> Keyed | None:
    if f"{name}.keys" not in arrays:
        return None
    return Keyed(arrays[f"{name}.keys"], arrays[f"{name}.sums"])


def _slice(index: int, arrays: Mapping[str, Array]) -> Keyed:
    return Keyed(arrays[f"slice.{index}.keys"], arrays[f"slice.{index}.sums"])


def _within(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
