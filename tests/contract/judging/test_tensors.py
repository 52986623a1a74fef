"""Tensor rules: what JSON Schema cannot say about an answer."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.judging.tensors import (
    Carried,
    check_declared,
    flatten,
    judge,
    reshape,
    shape_of,
)
from harness.errors import ConfigError


def _tensor(datatype: str = "FP32", **more: Any) -> Tensor:
    return Tensor.model_validate({"name": "p", "datatype": datatype, "shape": ["batch", 2], **more})


def _rules(tensor: Tensor, data: Any, shape: Any = None, datatype: Any = None) -> list[Any]:
    carried = [Carried("p", data, "$.p", shape, datatype)]
    return [(b.rule, b.path) for b in judge([tensor], carried, {"batch": 2}, 1e-5)]


@pytest.mark.parametrize(
    ("tensor", "data", "expected"),
    [
        (_tensor(), [[1, 2.5], [3, 4]], []),
        (_tensor(), [[1, 2], [3, "4"]], [("tensor-datatype", "$.p[1][1]")]),
        (_tensor(), [[1, 2], [3, True]], [("tensor-datatype", "$.p[1][1]")]),
        (_tensor(), [[1, None], [3, 4]], [("tensor-finite", "$.p[0][1]")]),
        (_tensor(), [[1, float("nan")], [3, 4]], [("tensor-finite", "$.p[0][1]")]),
        (_tensor(), [[1, 2], [3]], [("tensor-shape", "$.p")]),
        (_tensor(), [[1, 2, 3], [4, 5, 6]], [("tensor-shape", "$.p")]),
        (_tensor(), [1, 2], [("tensor-shape", "$.p")]),
        (_tensor(), [[1, 2]], [("tensor-rows", "$.p")]),
        (_tensor(range=[0, 1]), [[0, 1], [0.5, 1.1]], [("tensor-range", "$.p[1][1]")]),
        (_tensor(range=[0, 1]), [[0, 1], [0.5, 1.000001]], []),
        (_tensor(sums_to=1.0), [[0.25, 0.75], [0.5, 0.50001]], []),
        (_tensor(sums_to=1.0), [[0.25, 0.75], [0.5, 0.6]], [("tensor-sum", "$.p")]),
        (_tensor("INT8"), [[1, -128], [127, 2.0]], []),
        (_tensor("INT8"), [[1, 2], [3, 128]], [("tensor-datatype", "$.p[1][1]")]),
        (_tensor("UINT8"), [[1, -1], [3, 4]], [("tensor-datatype", "$.p[0][1]")]),
        (_tensor("INT64"), [[1, 2.5], [3, 4]], [("tensor-datatype", "$.p[0][1]")]),
        (_tensor("BOOL"), [[True, False], [True, 1]], [("tensor-datatype", "$.p[1][1]")]),
        (_tensor("BYTES"), [["a", "b"], ["c", {"b64": "eA=="}]], []),
        (_tensor("BYTES"), [["a", "b"], ["c", 1]], [("tensor-datatype", "$.p[1][1]")]),
        (_tensor("BYTES", labels=["a", "b"]), [["a", "b"], ["b", "a"]], []),
        (
            _tensor("BYTES", labels=["a", "b"]),
            [["a", "b"], ["b", "c"]],
            [("tensor-label", "$.p[1][1]")],
        ),
        (_tensor(labels=["a", "b"]), [[1, 2], [3, 4]], []),
        (_tensor(labels=["a", "b", "c"]), [[1, 2], [3, 4]], [("tensor-label", "$.p")]),
        (_tensor(), [[10**400, 1], [1, 1]], [("tensor-datatype", "$.p[0][0]")]),
    ],
)
def test_nested_data_keeps_the_rules(tensor: Tensor, data: Any, expected: list[Any]) -> None:
    assert _rules(tensor, data) == expected


@pytest.mark.parametrize(
    ("shape", "datatype", "expected"),
    [
        ([2, 2], "FP32", []),
        ([2, 3], "FP32", [("tensor-count", "$.p")]),
        ([4, 1], "FP32", [("tensor-shape", "$.p")]),
        ([2, -2], "FP32", [("tensor-shape", "$.p")]),
        ("2x2", "FP32", [("tensor-shape", "$.p")]),
        ([2, 2], "FP64", [("tensor-datatype", "$.p")]),
    ],
)
def test_flat_data_agrees_with_its_shape(shape: Any, datatype: str, expected: list[Any]) -> None:
    assert _rules(_tensor(), [1.0, 2.0, 3.0, 4.0], shape, datatype) == expected


def test_a_tensor_that_is_missing_is_named() -> None:
    broken = judge([_tensor()], [Carried("q", [], "$.q")], {})
    assert (broken[0].rule, broken[0].message) == ("tensor-missing", "tensor 'p' is missing")


def test_a_word_in_a_shape_stands_for_one_number() -> None:
    bound: dict[str, int] = {}
    carried = [Carried("p", [[1, 2]], "$.p"), Carried("q", [[1, 2], [3, 4]], "$.q")]
    other = Tensor.model_validate({"name": "q", "shape": ["batch", 2]})
    assert [b.rule for b in judge([_tensor(), other], carried, bound)] == ["tensor-rows"]
    assert bound == {"batch": 1}


def test_an_undeclared_tensor_must_agree_with_itself() -> None:
    assert [b.rule for b in judge([], [Carried("p", [1], "$.p", [2])], {})] == ["tensor-count"]


def test_a_datatype_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean 'FP32'"):
        check_declared([_tensor("fp32".upper() + "X")], "inputs")


def test_reshape_turns_flatten_round() -> None:
    nested = [[[1, 2], [3, 4], [5, 6]]]
    assert shape_of(nested) == [1, 3, 2]
    assert reshape(flatten(nested), [1, 3, 2]) == nested


def test_two_tensors_of_one_name_are_found_once() -> None:
    twice = [Carried("p", [[1, 2]], f"$.outputs[{n}].data") for n in range(3)]
    broken = judge([_tensor()], twice, {})
    assert [(b.rule, b.path) for b in broken] == [("tensor-duplicate", "$.outputs[1].data")]


def test_where_the_promise_stands_is_said_once() -> None:
    (broken,) = judge([_tensor()], [], {})
    assert broken.promised("here").promised("there").promise == "here"
