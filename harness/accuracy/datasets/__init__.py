"""Data sets: named columns of equal length, read in batches and never whole. One file a format.

A format is a module of this package, or one named by an entry point of the group
`releasegate.datasets`, with `SUFFIXES` and `open_columns(path, names) -> Columns`.
"""

from __future__ import annotations

from harness.accuracy.datasets.base import Batch, Columns, Dataset
from harness.accuracy.datasets.registry import check_path, open_dataset

__all__ = ["Batch", "Columns", "Dataset", "check_path", "open_dataset"]
