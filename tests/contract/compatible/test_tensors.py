"""Tensors of two contracts side by side."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.compatible.changes import Side
from harness.contract.compatible.tensors import compare

SCORES: dict[str, Any] = {"name": "p", "shape": ["batch", 2], "labels": ["cat", "dog"]}
TEXTS: dict[str, Any] = {"name": "l", "shape": ["batch"], "datatype": "BYTES", "labels": ["a", "b"]}


def rules(side: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[str, str]:
    """Rule -> severity of every change."""
    tensors = [[Tensor.model_validate(item) for item in items] for items in (old, new)]
    return {item.rule: str(item.severity) for item in compare(Side(side), *tensors)}


def but(tensor: dict[str, Any], **members: Any) -> list[dict[str, Any]]:
    """One tensor with other members."""
    return [{**tensor, **members}]


CHANGES = [
    ("request", [SCORES], [SCORES, TEXTS], {"input-added": "error"}),
    ("request", [SCORES, TEXTS], [SCORES], {"input-removed": "error"}),
    ("response", [SCORES, TEXTS], [SCORES], {"output-removed": "error"}),
    ("response", [SCORES], [TEXTS, SCORES], {"output-added": "info"}),
    (
        "response",
        [SCORES],
        but(SCORES, datatype="FP64"),
        {"response-tensor-datatype-changed": "error"},
    ),
    ("request", [SCORES], but(SCORES, shape=["n", 2]), {}),
    ("request", [SCORES], but(SCORES, shape=["n", 3]), {"request-tensor-shape-changed": "error"}),
    ("request", [SCORES], but(SCORES, shape=[2]), {"request-tensor-shape-changed": "error"}),
    ("request", [SCORES], but(SCORES, shape=[1, 2]), {"request-tensor-shape-narrowed": "error"}),
    ("response", [SCORES], but(SCORES, shape=[1, 2]), {"response-tensor-shape-narrowed": "info"}),
    ("request", but(SCORES, shape=[1, 2]), [SCORES], {"request-tensor-shape-widened": "info"}),
    (
        "request",
        but(SCORES, shape=["n", "n"]),
        but(SCORES, shape=["n", "m"]),
        {"request-tensor-shape-unknown": "doubt"},
    ),
    (
        "request",
        but(SCORES, range=[0, 9]),
        but(SCORES, range=[0, 5]),
        {"request-tensor-range-narrowed": "error"},
    ),
    (
        "response",
        but(SCORES, range=[0, 1]),
        [SCORES],
        {"response-tensor-range-widened": "error"},
    ),
    ("response", but(SCORES, sums_to=1.0), [SCORES], {"response-tensor-sums-to-widened": "error"}),
    ("response", [SCORES], but(SCORES, sums_to=1.0), {"response-tensor-sums-to-narrowed": "info"}),
    (
        "response",
        [SCORES],
        but(SCORES, labels=["dog", "cat"]),
        {"response-labels-changed": "error"},
    ),
    ("response", [TEXTS], but(TEXTS, labels=["b", "a"]), {}),
    ("response", [TEXTS], but(TEXTS, labels=["a"]), {"response-labels-narrowed": "warning"}),
    (
        "response",
        [TEXTS],
        but(TEXTS, labels=["a", "b", "c"]),
        {"response-labels-widened": "warning"},
    ),
    ("response", [TEXTS], but(TEXTS, labels=["x", "b"]), {"response-labels-changed": "error"}),
    ("response", [TEXTS], but(TEXTS, labels=[]), {"response-labels-widened": "error"}),
    ("request", [TEXTS], but(TEXTS, labels=["a"]), {"request-labels-narrowed": "error"}),
    ("request", [SCORES], [], {"inputs-undeclared": "doubt"}),
    ("request", [], [SCORES], {"inputs-declared": "info"}),
    ("response", [], [], {}),
]


@pytest.mark.parametrize(("side", "old", "new", "expected"), CHANGES)
def test_each_change_of_a_tensor_has_its_rule_and_severity(
    side: str,
    old: list[dict[str, Any]],
    new: list[dict[str, Any]],
    expected: dict[str, str],
) -> None:
    assert rules(side, old, new) == expected


def test_a_change_points_to_the_tensor_in_both_contracts() -> None:
    old = [Tensor.model_validate(SCORES)]
    new = [Tensor.model_validate(TEXTS), Tensor.model_validate({**SCORES, "datatype": "FP16"})]
    found = [c for c in compare(Side.RESPONSE, old, new) if "datatype" in c.rule]
    assert [(c.old, c.new) for c in found] == [
        ('#/outputs/0/datatype: "FP32"', '#/outputs/1/datatype: "FP16"')
    ]
