"""Data sets read in this process, as the child of `prepare` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.accuracy.datasets import Batch, Roles
from harness.accuracy.datasets.source import ready

ReadAll = Callable[..., list[Batch]]
XY = Roles({"x": "x"}, "y")


@pytest.fixture
def read_all(tmp_path: Path) -> ReadAll:
    """`read_all(path, roles, size=4)`: every row of a data set, in batches."""

    def read(path: Path, roles: Roles = XY, size: int = 4) -> list[Batch]:
        with ready(path, roles, tmp_path / "store").open() as data:
            return list(data.batches(size))

    return read
