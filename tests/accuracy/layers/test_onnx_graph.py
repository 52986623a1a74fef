"""Tensors of a quantized graph are found by the names that they had in the float graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.accuracy.layers.onnx_graph import Found, Graph, paired


def found_in(folder: Path, candidate: str) -> list[Found]:
    import onnx

    graphs = [Graph(onnx.load(str(folder / name)).graph) for name in ("fp32.onnx", candidate)]
    return paired(*graphs)


@pytest.mark.parametrize(
    ("candidate", "pairs"),
    [
        (
            "good.onnx",
            {
                "x": "x_QuantizeLinear_Output",
                "r1": "r1_QuantizeLinear_Output",
                "r2": "r2_QuantizeLinear_Output",
                "p2": "p2_QuantizeLinear_Output",
                "m3": "m3_QuantizeLinear_Output",
                "scores": "scores_QuantizeLinear_Output",
            },
        ),
        (
            "qoperator.onnx",
            {
                "x": "x_quantized",
                "r1": "c1_quantized",  # its zero point cuts off what is below zero: no ReLU is left
                "f": "f_quantized",
                "m3": "m3_quantized",
                "scores": "scores_quantized",
            },
        ),
        (
            "dynamic.onnx",
            {name: name for name in ("c1", "r1", "c2", "r2", "p2", "m3", "scores")},
        ),
    ],
)
def test_every_form_of_quantization_is_paired(
    networks: Path, candidate: str, pairs: dict[str, str]
) -> None:
    found = found_in(networks, candidate)
    listed = {one.probe.tensor: one.source for one in found}
    assert {name: listed[name] for name in pairs} == pairs


def test_a_layer_is_named_for_the_operator_with_weights(networks: Path) -> None:
    by = {one.probe.tensor: one.probe for one in found_in(networks, "good.onnx")}
    assert [(p.node, p.op, p.parents) for p in (by["x"], by["r1"], by["r2"], by["m3"])] == [
        ("x", "input", ()),
        ("conv1", "Conv", ("x",)),
        ("conv2", "Conv", ("r1",)),
        ("fc", "MatMul", ("p2",)),
    ]


def test_whole_numbers_come_with_what_they_stand_for(networks: Path) -> None:
    quantized = found_in(networks, "good.onnx")
    assert all(one.affine is not None and one.affine.dtype == "uint8" for one in quantized)
    assert all(one.affine is None for one in found_in(networks, "dynamic.onnx"))


def test_graphs_without_a_common_name_are_not_paired(networks: Path) -> None:
    import onnx
    from onnx import helper

    other = helper.make_graph(
        [helper.make_node("Relu", ["rows"], ["out"])],
        "other",
        [helper.make_tensor_value_info("rows", 1, ["n", 4])],
        [helper.make_tensor_value_info("out", 1, ["n", 4])],
    )
    float_graph = Graph(onnx.load(str(networks / "fp32.onnx")).graph)
    assert paired(float_graph, Graph(other)) == []
