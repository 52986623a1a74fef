"""Which format reads which path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness import ConfigError
from harness.accuracy.datasets import check_path


def test_several_formats_and_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the folder is empty"):
        check_path(tmp_path)
    np.savez(tmp_path / "part-0.npz", x=np.zeros(2))
    (tmp_path / "more.jsonl").write_text("{}")
    with pytest.raises(ConfigError, match=r"several formats \(\.jsonl, \.npz\)"):
        check_path(tmp_path)


def test_an_unknown_format_is_told_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"no reader for '\.csv', expected one of .*\.npz"
    ) as told:
        check_path(tmp_path / "d.csv")
    for suffix in (".arrow", ".jsonl", ".parquet", ".tfrecord"):
        assert suffix in str(told.value)
