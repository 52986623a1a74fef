"""A label names the largest column of another output; a tie is the model's own business."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.judging.columns import check_declared, judge_columns
from harness.contract.judging.tensors import Carried
from harness.errors import ConfigError

P = Tensor.model_validate({"name": "p", "shape": ["batch", 3], "labels": ["cat", "dog", "owl"]})


def _label(datatype: str = "INT64", **more: Any) -> Tensor:
    said = {"name": "label", "datatype": datatype, "shape": ["batch"], "argmax_of": "p", **more}
    return Tensor.model_validate(said)


def _broken(label: Tensor, labels: Any, scores: Any, columns: Tensor = P) -> list[Any]:
    carried = [Carried("label", labels, "$.label"), Carried("p", scores, "$.p")]
    return [(b.rule, b.message) for b in judge_columns([label, columns], carried, 1e-5)]


SCORES = [[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]]


@pytest.mark.parametrize(
    ("label", "labels"),
    [
        (_label(), [1, 0]),
        (_label(), [1.0, 0.0]),
        (_label(shape=["batch", 1]), [[1], [0]]),
        (_label(shape=["batch", 2]), [[1, 2], [0, 1]]),
        (_label("BYTES"), ["dog", "cat"]),
        (_label("BYTES", labels=["a", "b", "c"]), ["b", "a"]),
    ],
)
def test_a_label_that_names_the_largest_column_is_right(label: Tensor, labels: Any) -> None:
    assert _broken(label, labels, SCORES) == []


@pytest.mark.parametrize(
    ("label", "labels"),
    [
        (_label(), [1, 1]),
        (_label(), [1, 3]),
        (_label(), [1, -1]),
        (_label("BYTES"), ["dog", "dog"]),
        (_label("BYTES"), ["dog", "cow"]),
    ],
)
def test_another_label_is_found_with_its_row(label: Tensor, labels: Any) -> None:
    message = "tensor 'label': row 1 is not the largest column of 'p'"
    assert _broken(label, labels, SCORES) == [("tensor-argmax", message)]


def test_a_tie_within_the_tolerance_does_not_count() -> None:
    assert _broken(_label(), [0], [[0.5, 0.500001, 0.0]]) == []


def test_one_column_is_the_probability_of_the_second_class() -> None:
    one = Tensor.model_validate({"name": "p", "shape": ["batch", 1]})
    boolean = _label("BOOL")
    assert _broken(boolean, [True, False], [[0.9], [0.2]], one) == []
    assert len(_broken(boolean, [False, False], [[0.9], [0.2]], one)) == 1


def test_flat_data_beside_its_shape_is_read_row_by_row() -> None:
    carried = [
        Carried("label", [1, 0], "$.label", [2]),
        Carried("p", [0.1, 0.7, 0.2, 0.6, 0.3, 0.1], "$.p", [2, 3]),
    ]
    assert list(judge_columns([_label(), P], carried, 0.0)) == []


@pytest.mark.parametrize(
    ("label", "columns", "expected"),
    [
        (_label(argmax_of="q"), P, "expected another output"),
        (_label(argmax_of="label"), P, "expected another output"),
        (_label("BYTES"), P.model_copy(update={"labels": []}), "expected labels = "),
    ],
)
def test_a_rule_that_can_never_be_judged_is_refused(
    label: Tensor, columns: Tensor, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        check_declared([label, columns])
