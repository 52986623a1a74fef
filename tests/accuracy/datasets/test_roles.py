"""Columns by what they are for, as `[accuracy]` names them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.accuracy.datasets import Roles
from harness.config import AccuracyConfig


def _roles(**given: Any) -> Roles:
    return Roles.of(AccuracyConfig(dataset="d.npz", reference="r.onnx", **given))


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ("x", {"x": "x"}),
        (["ids", "mask"], {"ids": "ids", "mask": "mask"}),
        ({"input_ids": "ids"}, {"input_ids": "ids"}),
    ],
)
def test_inputs_are_a_name_or_names_or_a_table(inputs: Any, found: dict[str, str]) -> None:
    assert _roles(inputs=inputs).inputs == found


def test_each_column_is_named_once_inputs_first() -> None:
    roles = _roles(inputs=["b", "a"], labels="y", slices=["user", "y"], clusters="user")
    assert roles.names == ("b", "a", "y", "user")


@pytest.mark.parametrize(
    ("metric", "kind"),
    [("accuracy", "classes"), ("auroc", "classes"), ("rmse", "numbers"), ("own:map", "any")],
)
def test_the_metric_says_what_a_label_is(metric: str, kind: str) -> None:
    assert _roles(metric=metric).kind == kind


def test_roles_survive_json() -> None:
    roles = _roles(inputs={"i": "x"}, slices=["g"], clusters="u", metric="mae")
    assert Roles.from_fields(json.loads(json.dumps(roles.fields()))) == roles
