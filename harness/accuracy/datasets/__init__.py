"""Data sets: named columns of equal length, read by row and never whole. One file a format.

A format is a module of this package, or one named by an entry point of the group
`releasegate.datasets`, with `SUFFIXES`, `chunks(path, names)` that gives the columns piece by
piece, and, where rows can be read where they lie, `in_place(path, names) -> Columns | None`.
"""

from __future__ import annotations

from harness.accuracy.datasets.base import Array, Columns
from harness.accuracy.datasets.dataset import Batch, Dataset
from harness.accuracy.datasets.registry import check_path
from harness.accuracy.datasets.roles import Roles
from harness.accuracy.datasets.source import Source, prepare

__all__ = ["Array", "Batch", "Columns", "Dataset", "Roles", "Source", "check_path", "prepare"]
