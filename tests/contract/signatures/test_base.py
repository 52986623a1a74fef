"""Tensors from what a source says: the batch, words for open dimensions, what is left out."""

from __future__ import annotations

import pytest

from harness.contract.signatures.base import Raw, datatype, signature


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("FP32", "FP32"),
        ("float32", "FP32"),
        ("DT_INT64", "INT64"),
        ("double", "FP64"),
        ("string", "BYTES"),
        ("uint8", "UINT8"),
        ("bfloat16", None),
        (None, None),
    ],
)
def test_a_datatype_has_many_names(word: object, expected: str | None) -> None:
    assert datatype(word) == expected


def test_an_open_first_dimension_of_all_inputs_is_the_batch_also_of_outputs() -> None:
    found = signature([Raw("x", "FP32", [-1, 4])], [Raw("y", "FP32", [-1, 2])])
    assert found.inputs[0].shape == ["batch", 4]
    assert found.outputs[0].shape == ["batch", 2]


def test_converters_names_for_nothing_are_no_names() -> None:
    found = signature([Raw("x", "FP32", ["unk__12", 4])], [Raw("y", "FP32", ["unk__13", 2])])
    assert found.inputs[0].shape[0] == found.outputs[0].shape[0] == "batch"


def test_an_output_with_a_dimension_of_its_own_name_has_no_batch() -> None:
    found = signature([Raw("x", "FP32", ["N", 4])], [Raw("boxes", "FP32", ["found", 6])])
    assert found.inputs[0].shape == ["batch", 4]
    assert found.outputs[0].shape == ["found", 6]


def test_a_fixed_first_dimension_of_one_input_means_that_there_is_no_batch() -> None:
    inputs = [Raw("x", "FP32", [1, 4]), Raw("ids", "INT64", [-1])]
    found = signature(inputs, [Raw("y", "FP32", [-1])])
    assert [tensor.shape for tensor in found.inputs] == [[1, 4], ["ids_0"]]
    assert found.outputs[0].shape == ["y_0"]


def test_a_dimension_that_two_inputs_share_by_name_is_the_same_word() -> None:
    inputs = [Raw("ids", "INT64", ["b", "length"]), Raw("mask", "INT64", ["b", "length"])]
    found = signature(inputs, [])
    assert [tensor.shape for tensor in found.inputs] == [["batch", "length"]] * 2


def test_open_dimensions_without_a_name_are_not_taken_for_the_same() -> None:
    found = signature([Raw("x", "FP32", [-1, -1]), Raw("z", "FP32", [-1, -1])], [])
    assert [tensor.shape for tensor in found.inputs] == [["batch", "x_1"], ["batch", "z_1"]]


@pytest.mark.parametrize(
    ("raw", "note"),
    [
        (Raw("x", None, [-1], "DT_VARIANT"), "datatype 'DT_VARIANT'"),
        (Raw("x", "FP32", None), "no known number of dimensions"),
        (Raw("x", "FP32", []), "0 dimensions"),
        (Raw("x", "FP32", [-1, 10**12]), "more than 4000000 elements a row"),
    ],
)
def test_an_input_that_cannot_be_described_makes_all_inputs_unknown(raw: Raw, note: str) -> None:
    found = signature([Raw("w", "FP32", [-1]), raw], [])
    assert found.inputs == () and note in found.notes[0]


def test_an_output_that_cannot_be_described_is_left_out_alone() -> None:
    found = signature([Raw("x", "FP32", [-1])], [Raw("y", None, [-1], "?"), Raw("z", "FP32", [-1])])
    assert [tensor.name for tensor in found.outputs] == ["z"] and len(found.inputs) == 1


def test_a_list_without_end_is_no_signature() -> None:
    found = signature([Raw(str(n), "FP32", [-1]) for n in range(10_001)], [])
    assert found.inputs == () and "more than 10000 tensors" in found.notes[0]
