"""The execution audit as evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from harness import Finding, Limit, Measurement, Outcome
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.graphs.execution import audit, execution_evidence
from harness.config import Gate


def _named(evidence: list[Any]) -> tuple[dict[str, Measurement], dict[str, Finding]]:
    measured = {row.name: row for row in evidence if isinstance(row, Measurement)}
    return measured, {row.rule: row for row in evidence if isinstance(row, Finding)}


def test_a_static_model_runs_in_int8_and_ignores_its_batch(gate_on: Callable[..., Gate]) -> None:
    measured, findings = _named(execution_evidence(gate_on("u8s8_channel.onnx")))

    assert measured["float_share"].value == measured["batch_dependent"].value == 0
    assert measured["batch_dependent"].high is None  # to the bit, not by chance
    assert findings["kernels"].message == "2 QGemm: as executed"


def test_dynamic_quantization_is_found_and_named(gate_on: Callable[..., Gate]) -> None:
    measured, findings = _named(execution_evidence(gate_on("dynamic_u8.onnx")))

    dependent = measured["batch_dependent"]
    assert Limit.parse("<= 0.1 %").judge(dependent) is Outcome.FAILED
    assert dependent.low is not None and dependent.low < dependent.value
    assert "(DynamicQuantizeLinear: x_QuantizeLinear, " in findings["batch-mates"].message


def test_the_audit_crosses_from_its_child(
    residual: Path, spec: Callable[[Path, int], ModelSpec]
) -> None:
    found = audit(spec(residual / "s8s8.onnx", 32), {"x": np.ones((1, 1, 8, 8), np.float32)})

    assert found.float_share > 0 and found.by_operator()["QLinearConv"][0] >= 1
