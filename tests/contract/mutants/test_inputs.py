"""One declared input that is not what it is declared as."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.forms import FORMS, Form
from harness.contract.mutants.inputs import input_mutants, uneven
from harness.contract.protocol.presets import preset


def form(protocol: str, *inputs: dict[str, Any]) -> Form:
    found = preset(protocol)
    shaped = [Tensor.model_validate({"shape": ["batch"], **item}) for item in inputs]
    return FORMS[found.form](found, shaped, [])


AREA = {"name": "area", "datatype": "FP64"}
ROOMS = {"name": "rooms", "datatype": "INT64"}
DISTRICT = {"name": "district", "datatype": "BYTES", "labels": ["north", "no-such-label"]}
ROW = {"area": [20.5], "rooms": [3], "district": ["north"]}


def cells(protocol: str = "mlflow") -> dict[str, tuple[Any, bool]]:
    found = input_mutants(form(protocol, AREA, ROOMS, DISTRICT), ROW)
    return {
        name: (value["dataframe_split"]["data"][0], forgiven) for name, value, forgiven in found
    }


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("a text where FP64 is due in input 'area'", ["not a number", 3, "north"]),
        ("a fraction where INT64 is due in input 'rooms'", [20.5, 3.5, "north"]),
        ("a number where a text is due in input 'district'", [20.5, 3, 42]),
        ("a text that is no label in input 'district'", [20.5, 3, "no-such-label-either"]),
    ],
)
def test_every_column_is_wrong_by_its_own_type(name: str, row: list[Any]) -> None:
    assert cells()[name] == (row, False)


def test_true_and_a_quoted_number_are_forgiven_by_lenient_readers() -> None:
    forgiven = {name: row for name, (row, forgiven) in cells().items() if forgiven}
    assert forgiven == {
        "true where FP64 is due in input 'area'": [True, 3, "north"],
        "a number as text where FP64 is due in input 'area'": ["20.5", 3, "north"],
        "true where INT64 is due in input 'rooms'": [20.5, True, "north"],
        "a number as text where INT64 is due in input 'rooms'": [20.5, "3", "north"],
    }


def test_the_first_element_of_nested_lists_is_changed() -> None:
    pixels = form("tensorflow-serving", {"name": "x", "shape": ["batch", 2, 2]})
    data = [[[1.0, 2.0], [3.0, 4.0]]]
    found = {name: value for name, value, _ in input_mutants(pixels, {"x": data})}
    changed = [[["not a number", 2.0], [3.0, 4.0]]]
    assert found["a text where FP32 is due in input 'x'"] == {"instances": changed}
    assert data == [[[1.0, 2.0], [3.0, 4.0]]]


ROWS = {"area": [20.5, 30.5], "rooms": [3, 4]}


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("mlflow", {"inputs": {"area": [20.5, 30.5], "rooms": [3]}}),
        ("json", {"area": [20.5, 30.5], "rooms": [3]}),
        ("tensorflow-serving", {"inputs": {"area": [20.5, 30.5], "rooms": [3]}}),
    ],
)
def test_one_column_is_shorter_where_a_protocol_has_columns(protocol: str, expected: Any) -> None:
    found = dict(uneven(form(protocol, AREA, ROOMS), ROWS))
    assert found["one row less in input 'rooms' than in the others"] == expected
    assert len(found) == 2


def test_tensors_of_different_lengths_say_their_own_shapes() -> None:
    (first, _) = dict(uneven(form("open-inference-v2", AREA, ROOMS), ROWS)).values()
    assert [tensor["shape"] for tensor in first["inputs"]] == [[2], [1]]


@pytest.mark.parametrize("protocol", ["kserve-v1", "seldon-v1"])
def test_rows_that_stand_by_themselves_have_no_shorter_column(protocol: str) -> None:
    assert list(uneven(form(protocol, AREA, ROOMS), ROWS)) == []


def test_the_only_input_is_as_long_as_itself() -> None:
    assert list(uneven(form("json", AREA), {"area": [1.0, 2.0]})) == []
