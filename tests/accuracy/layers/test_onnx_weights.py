"""Weights are found in every form of quantization, and their noise is that of their scales."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.accuracy.layers.layer import Weights
from harness.accuracy.layers.onnx_graph import Graph
from harness.accuracy.layers.onnx_weights import weights_of


def weights(folder: Path, candidate: str, name: str) -> Weights:
    import onnx

    reference, other = (
        Graph(onnx.load(str(folder / file)).graph) for file in ("fp32.onnx", candidate)
    )
    node = next(node for node in reference.nodes if node.name == name)
    found = weights_of(reference, other, node)
    assert found is not None
    return found


@pytest.mark.parametrize("candidate", ["per-tensor.onnx", "dynamic-per-tensor.onnx"])
def test_one_scale_costs_the_small_outputs_their_weights(networks: Path, candidate: str) -> None:
    found = weights(networks, candidate, "conv2")
    assert found.scales == 1
    assert found.ratio > 0.1 > 1000 * found.per_channel


def test_a_scale_for_each_output_leaves_what_eight_bits_can(networks: Path) -> None:
    found = weights(networks, "qoperator.onnx", "conv2")
    assert found.scales == 16
    assert found.ratio == pytest.approx(found.per_channel, rel=0.01)


def test_columns_of_a_product_are_its_outputs(networks: Path) -> None:
    found = weights(networks, "good.onnx", "fc")
    assert found.scales == 10
    assert found.ratio < 1e-3


def test_weights_that_were_left_in_float_have_no_noise_to_tell(networks: Path) -> None:
    import onnx

    graph = Graph(onnx.load(str(networks / "fp32.onnx")).graph)
    assert [weights_of(graph, graph, node) for node in graph.nodes] == [None] * len(graph.nodes)


def test_weights_with_names_of_their_own_are_found_by_their_operator(networks: Path) -> None:
    """As other quantizers than onnxruntime's write them."""
    import onnx

    reference = Graph(onnx.load(str(networks / "fp32.onnx")).graph)
    model = onnx.load(str(networks / "good.onnx"))
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.replace("w2_", "other_")
    for node in model.graph.node:
        node.input[:] = [name.replace("w2_", "other_") for name in node.input]
        node.output[:] = [name.replace("w2_", "other_") for name in node.output]
    conv2 = next(node for node in reference.nodes if node.name == "conv2")
    found = weights_of(reference, Graph(model.graph), conv2)
    assert found is not None
    assert found.scales == 16
