"""Batches of rows through a session: padded, joined, and told apart from rows without an answer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from harness.accuracy.backends.base import Array, Slot, Unanswered
from harness.accuracy.backends.running import answers, choose, outputs
from harness.accuracy.errors import ModelError

X = Slot("x", np.dtype(np.float32), (2,))
ROWS = np.arange(10, dtype=np.float32).reshape(5, 2)


class _Session:
    """Answers the rows themselves, and notes how many came at once."""

    runtime = "test"

    def __init__(
        self, *, fixed: int | None = None, largest: int | None = None, refused: float = -1
    ) -> None:
        self.inputs: tuple[Slot, ...] = (X,)
        self.fixed_batch, self.largest_batch = fixed, largest
        self.refused = refused
        self.sizes: list[int] = []

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The rows, unless the refused number is among them."""
        rows = feeds["x"]
        self.sizes.append(len(rows))
        if (rows == self.refused).any():
            raise Unanswered(f"no answer for {self.refused:g}")
        return {"y": rows}


def test_rows_go_in_by_batches_and_come_back_in_order() -> None:
    session = _Session()
    assert outputs(session, {"x": ROWS}, 2)["y"].tolist() == ROWS.tolist()
    assert session.sizes == [2, 2, 1]


def test_a_fixed_batch_is_filled_up_and_cut_again() -> None:
    session = _Session(fixed=4)
    assert answers(session, {"x": ROWS}, 2).values.tolist() == ROWS.tolist()
    assert session.sizes == [4, 4]


def test_no_more_rows_than_the_largest_batch() -> None:
    session = _Session(largest=3)
    outputs(session, {"x": ROWS}, 32)
    assert session.sizes == [3, 2]


def test_rows_of_a_call_without_an_answer_are_missing() -> None:
    found = answers(_Session(refused=5), {"x": ROWS}, 2)
    assert found.missing.tolist() == [False, False, True, True, False]
    assert found.values.tolist() == ROWS[[0, 1, 4]].tolist()
    assert found.problem == "no answer for 5"


def test_no_row_may_be_without_an_answer_where_all_are_asked_for() -> None:
    with pytest.raises(ModelError, match="no answer for 5"):
        outputs(_Session(refused=5), {"x": ROWS}, 2)


def test_nothing_answered_at_all_is_no_error() -> None:
    session = _Session(refused=5)
    found = answers(session, {"x": ROWS[2:3]}, 2)
    assert (len(found.values), found.missing.tolist()) == (0, [True])


def test_answers_that_change_their_form_are_refused() -> None:
    class _Growing(_Session):
        def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
            self.sizes.append(1)
            return {"y": np.zeros((len(feeds["x"]), len(self.sizes)), np.float32)}

    with pytest.raises(ModelError, match=r"answered float32\(1,\) a row, then float32\(2,\)"):
        answers(_Growing(), {"x": ROWS}, 2)


def test_several_inputs_go_by_name() -> None:
    session = _Session()
    session.inputs = (X, Slot("z", np.dtype(np.float32), ()))
    with pytest.raises(ModelError, match="has the inputs x, z, but is given x, q; accuracy.inputs"):
        outputs(session, {"x": ROWS, "q": ROWS}, 2)


def test_the_output_to_compare() -> None:
    scores, label = np.zeros((2, 3), np.float32), np.zeros(2, np.int64)
    assert choose({"label": label}, "scores") == "label"
    assert choose({"label": label, "scores": scores}) == "scores"
    assert choose({"label": label, "scores": scores}, "label") == "label"
    with pytest.raises(ModelError, match="has no output 'score'; outputs: label"):
        choose({"label": label, "scores": scores}, "score")
    with pytest.raises(ModelError, match="has 2 outputs .* name it in accuracy.output"):
        choose({"a": scores, "b": scores})


class _Outputs(_Session):
    """Answers rows in `y`, one number for all in `z`, and two rows for each in `t`."""

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """All three."""
        rows = feeds["x"]
        return {"t": np.repeat(rows, 2, axis=0), "y": rows, "z": rows.sum()}


def test_outputs_that_are_no_answers_to_rows_are_left_out() -> None:
    found = answers(_Outputs(), {"x": ROWS}, 2, "y")
    assert found.values.tolist() == ROWS.tolist()
    assert list(outputs(_Outputs(), {"x": ROWS}, 2)) == ["y"]


@pytest.mark.parametrize(("name", "shape"), [("t", r"\(4, 2\)"), ("z", r"\(\)")])
def test_more_or_fewer_answers_than_rows_are_refused(name: str, shape: str) -> None:
    with pytest.raises(ModelError, match=f"output '{name}' has shape {shape} for 2 rows"):
        answers(_Outputs(), {"x": ROWS}, 2, name)
