"""Int8 layers are found in every way of writing them, with weights in the kernels' order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.accuracy.graphs.layers import Layer, layers_of
from harness.accuracy.graphs.saturation import saturating


def _graph(nodes: list[Any], weights: Mapping[str, Any]) -> Any:
    from onnx import helper, numpy_helper

    kept = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    return helper.make_graph(nodes, "g", [], [], kept)


def _one(nodes: list[Any], weights: Mapping[str, Any]) -> Layer:
    (layer,) = layers_of(_graph(nodes, weights))
    return layer


def _convolution(filters: NDArray[np.int8], group: int) -> Layer:
    from onnx import helper

    names = ["x", "s", "z", "w", "s", "z8", "s", "z"]
    node = helper.make_node("QLinearConv", names, ["y"], name="c", group=group)
    one = {"s": np.float32(1), "z": np.uint8(0), "z8": np.int8(0)}
    return _one([node], {"w": filters, **one})


# Each was tried with onnxruntime 1.31.1 on an emulated Haswell: all inputs 255, two weights 127.
@pytest.mark.parametrize(
    ("channels", "group", "places", "overflows"),
    [
        (3, 1, [(0, 0, 0), (1, 0, 0)], True),  # two channels of one place of the kernel
        (3, 1, [(1, 0, 0), (2, 0, 0)], False),
        (3, 1, [(0, 0, 0), (0, 0, 1)], False),  # two places, one channel
        (3, 1, [(2, 0, 0), (0, 0, 1)], True),  # with odd channels, the last and the next first
        (4, 1, [(3, 0, 0), (0, 0, 1)], False),
        (5, 1, [(4, 0, 0), (0, 0, 1)], True),
        (6, 1, [(0, 0, 0), (1, 0, 0)], True),
        (8, 2, [(0, 0, 0), (1, 0, 0)], True),
        (4, 4, [(0, 0, 0), (0, 0, 1)], True),  # two outputs a channel: no depthwise kernel
        (4, 4, [(0, 0, 1), (0, 0, 2)], False),
    ],
)
def test_neighbours_of_a_convolution_are_those_that_a_haswell_adds_up(
    channels: int, group: int, places: list[tuple[int, int, int]], overflows: bool
) -> None:
    filters = np.zeros((8, channels // group, 3, 3), np.int8)
    for channel, row, column in places:
        filters[:, channel, row, column] = 127

    layer = _convolution(filters, group)

    assert (saturating(layer.weights[0])[1] > 0) is overflows
    assert not layer.widened


def test_a_depthwise_convolution_is_never_summed_in_16_bits() -> None:
    assert _convolution(np.full((8, 1, 3, 3), 127, np.int8), 8).widened


def test_a_product_goes_down_the_columns_of_its_weights() -> None:
    from onnx import helper

    node = helper.make_node("MatMulInteger", ["x", "w"], ["y"], name="m")
    layer = _one([node], {"w": np.array([[1, 2, 3], [4, 5, 6]], np.int8)})

    assert layer.weights[0].tolist() == [[1, 4], [2, 5], [3, 6]]


def _qdq(weights_nodes: list[Any], name: str, op: str = "MatMul", **attributes: Any) -> list[Any]:
    from onnx import helper

    return [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
        *weights_nodes,
        helper.make_node(op, ["xd", name], ["y"], name="layer", **attributes),
    ]


def test_weights_behind_a_transpose_are_turned() -> None:
    from onnx import helper

    nodes = _qdq(
        [
            helper.make_node("DequantizeLinear", ["w", "s", "z8"], ["wd"]),
            helper.make_node("Transpose", ["wd"], ["wt"], perm=[1, 0]),
        ],
        "wt",
    )
    scales = {"s": np.float32(1), "z": np.uint8(0), "z8": np.int8(0)}
    layer = _one(nodes, {"w": np.array([[1, 2], [3, 4], [5, 6]], np.int8), **scales})

    assert layer.weights[0].tolist() == [[1, 2], [3, 4], [5, 6]]


def test_weights_that_are_kept_as_floats_are_quantized_by_their_channels() -> None:
    from onnx import helper

    nodes = _qdq(
        [
            helper.make_node("QuantizeLinear", ["w", "ws", "wz"], ["wq"], axis=0),
            helper.make_node("DequantizeLinear", ["wq", "ws", "wz"], ["wd"], axis=0),
        ],
        "wd",
        "Gemm",
        transB=1,
    )
    layer = _one(
        nodes,
        {
            "w": np.array([[1.0, -2.0], [0.3, 99.0]], np.float32),
            "ws": np.array([0.5, 0.1], np.float32),
            "wz": np.zeros(2, np.int8),
            "s": np.array(1, np.float32),
            "z": np.array(0, np.uint8),
        },
    )

    assert layer.weights[0].tolist() == [[2, -4], [3, 127]]


def test_weights_alone_in_int8_make_no_int8_layer() -> None:
    from onnx import helper

    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s", "z8"], ["wd"]),
        helper.make_node("MatMul", ["x", "wd"], ["y"]),
    ]
    weights = {"w": np.ones((2, 2), np.int8), "s": np.float32(1), "z8": np.int8(0)}

    assert list(layers_of(_graph(nodes, weights))) == []


def test_sixteen_bit_activations_make_no_int8_layer() -> None:
    from onnx import helper

    nodes = _qdq([helper.make_node("DequantizeLinear", ["w", "s", "z8"], ["wd"])], "wd")
    weights = {
        "w": np.ones((2, 2), np.int8),
        "s": np.float32(1),
        "z": np.uint16(0),
        "z8": np.int8(0),
    }

    assert list(layers_of(_graph(nodes, weights))) == []


def test_an_operand_that_is_no_constant_is_told() -> None:
    from onnx import helper

    layer = _one([helper.make_node("MatMulInteger", ["a", "b"], ["y"], name="m")], {})

    assert layer == Layer("m", "MatMulInteger", (), known=False)
