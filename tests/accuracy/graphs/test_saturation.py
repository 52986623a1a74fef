"""The certificate: which pairs of weights can overflow 16 bits, and what the gate makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import Finding, Measurement, Severity
from harness.accuracy.errors import ModelError
from harness.accuracy.graphs.saturation import certificate, portability_evidence, saturating
from harness.config import Gate

EXACT = ["fp32", "u8s8_channel_reduced", "u8u8", "dynamic_u8"]
RISKY = ["u8s8_channel", "s8s8_channel", "qoperator_channel", "u8s8_tensor"]
RISKY += ["dynamic_s8", "dynamic_s8_channel"]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([[127, 2]], (1, 1)),  # 255 * 129 = 32895
        ([[127, 1]], (1, 0)),  # 255 * 128 = 32640
        ([[-128, -1]], (1, 1)),
        ([[-128, 0]], (1, 0)),
        ([[127, -128]], (1, 0)),  # of two signs: the larger alone fits
        ([[1, 127, 127, 1]], (2, 0)),  # neighbours are 0 and 1, 2 and 3, never 1 and 2
        ([[127, 127, 127]], (2, 1)),  # the last of an odd number stands alone
        ([[127, 127], [0, 0]], (2, 1)),
    ],
)
def test_two_neighbours_of_one_sign_saturate_from_a_sum_of_129(
    weights: list[list[int]], expected: tuple[int, int]
) -> None:
    assert saturating(np.array(weights, np.int8)) == expected


def test_unsigned_weights_never_saturate() -> None:
    assert saturating(np.full((4, 6), 255, np.uint8)) == (12, 0)


@pytest.mark.parametrize("name", RISKY)
def test_full_range_signed_weights_can_saturate_in_every_format(digits: Path, name: str) -> None:
    assert certificate(digits / f"{name}.onnx", name).share > 0.5


@pytest.mark.parametrize("name", EXACT)
def test_reduced_range_unsigned_weights_and_floats_are_certified(digits: Path, name: str) -> None:
    assert certificate(digits / f"{name}.onnx", name).share == 0


def test_three_ways_to_write_the_same_weights_have_the_same_certificate(digits: Path) -> None:
    names = ["u8s8_channel", "s8s8_channel", "qoperator_channel"]
    found = [certificate(digits / f"{name}.onnx", name) for name in names]

    assert len({one.share for one in found}) == 1
    assert found[0].share > 5 * certificate(digits / "u8s8_tensor.onnx", "tensor").share


def test_dynamic_nodes_are_named(digits: Path) -> None:
    found = certificate(digits / "dynamic_u8.onnx", "m")

    assert found.dynamic == ("x_QuantizeLinear", "relu0_QuantizeLinear")


def test_a_corrupt_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"\x08\x99garbage")
    with pytest.raises(ModelError, match=r"models/bad\.onnx"):
        certificate(path, "models/bad.onnx")


def _measured(evidence: list[Any]) -> Measurement:
    return next(item for item in evidence if isinstance(item, Measurement))


def test_the_share_of_pairs_is_measured_and_the_worst_layer_named_first(
    gate_on: Callable[..., Gate],
) -> None:
    evidence = portability_evidence(gate_on("u8s8_channel.onnx"))

    measured = _measured(evidence)
    assert measured.name == "saturating_pairs" and measured.value > 5 and measured.n == 1332
    layers = [
        row for row in evidence if isinstance(row, Finding) and row.rule == "saturating-layer"
    ]
    assert [row.location for row in layers] == ["layer0", "layer1"]
    assert {row.severity for row in layers} == {Severity.WARNING}


@pytest.mark.parametrize("flag", ["avx512_vnni", "avx_vnni", "amx_int8", "asimd"])
def test_nothing_saturates_where_production_has_vnni_or_is_arm(
    gate_on: Callable[..., Gate], flag: str
) -> None:
    gate = gate_on("u8s8_channel.onnx", production_flags=[flag])

    evidence = portability_evidence(gate)

    assert _measured(evidence).value == 0
    told = [row.message for row in evidence if isinstance(row, Finding)]
    assert any(f"production has {flag}" in message for message in told)


def test_other_flags_of_production_change_nothing(gate_on: Callable[..., Gate]) -> None:
    gate = gate_on("u8s8_channel.onnx", production_flags=["avx2", "avx512f"])

    assert _measured(portability_evidence(gate)).value > 5


def test_the_served_file_is_looked_at_where_the_candidate_is_another(
    gate_on: Callable[..., Gate], digits: Path
) -> None:
    gate = gate_on("u8s8_channel.onnx", file=str(digits / "u8u8.onnx"))

    assert _measured(portability_evidence(gate)).value == 0
