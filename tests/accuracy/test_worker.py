"""The worker's own decisions: which output counts, how rows are cut, which input gets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from harness.accuracy import worker
from harness.accuracy.backends import Slot
from harness.accuracy.errors import ModelError


class _Session:
    """Counts the rows that it is given; a second output has no rows."""

    runtime = "test"

    def __init__(self, fixed: int | None = None, *names: str) -> None:
        self.fixed_batch = fixed
        self.inputs = tuple(Slot(name, np.dtype("f4"), (1,)) for name in names or ("x",))
        self.sizes: list[int] = []

    def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        self.sizes.append(len(feeds[self.inputs[0].name]))
        return {"y": sum(feeds.values())}


def _rows(count: int) -> dict[str, Any]:
    return {"rows": np.arange(count, dtype=np.float32)[:, None]}


def test_the_only_output_counts_or_the_only_scores() -> None:
    scores, classes = np.zeros((2, 3), np.float32), np.zeros(2, np.int64)
    assert worker.choose({"label": classes}) == "label"
    assert worker.choose({"label": classes, "probabilities": scores}) == "probabilities"


def test_two_outputs_with_scores_are_ambiguous() -> None:
    scores = np.zeros((2, 3), np.float32)
    with pytest.raises(ModelError, match=r"has 2 outputs \(a float32\(3,\), b float32\(3,\)\)"):
        worker.choose({"a": scores, "b": scores})


def test_rows_are_cut_into_batches() -> None:
    session = _Session()
    found = worker._run(session, _rows(5), 2)
    assert session.sizes == [2, 2, 1]
    assert found["y"][:, 0].tolist() == [0, 1, 2, 3, 4]


def test_a_model_of_fixed_size_gets_whole_batches() -> None:
    """The last rows are padded, and the padding does not come back."""
    session = _Session(4)
    found = worker._run(session, _rows(6), 32)
    assert session.sizes == [4, 4]
    assert found["y"][:, 0].tolist() == [0, 1, 2, 3, 4, 5]


def test_several_inputs_are_found_by_name() -> None:
    session = _Session(None, "a", "b")
    found = worker._run(session, {"b": np.ones((2, 1)), "a": np.full((2, 1), 2.0)}, 8)
    assert found["y"][:, 0].tolist() == [3, 3]
    with pytest.raises(ModelError, match="has the inputs a, b, but is given rows"):
        worker._run(session, _rows(2), 8)


def test_an_output_without_rows_is_refused() -> None:
    with pytest.raises(ModelError, match=r"output 'y' has shape \(1, 3\), expected 4 rows"):
        worker._rows("y", np.zeros((1, 3)), 4)


def test_text_outputs_become_text() -> None:
    found = worker._plain(np.asarray([b"cat", "dog"], dtype=object))
    assert found.tolist() == ["cat", "dog"] and found.dtype.kind == "U"
