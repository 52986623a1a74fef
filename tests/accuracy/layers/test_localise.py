"""A candidate that fails is told where it breaks and what would mend it; doing that mends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy import Comparison, evaluate, layer_evidence
from harness.accuracy.layers.localise import localise
from harness.config import Gate, load
from harness.limits import Limit
from harness.model import Evidence, Finding, Severity

LIMIT = Limit.parse("<= 2 pp")
Compared = Callable[[str], tuple[Comparison, Gate]]


@pytest.fixture(scope="module")
def compared(networks: Path, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """`compared("clipped.onnx")`: the network against that candidate, evaluated once."""
    folder = tmp_path_factory.mktemp("gates")
    shutil.copytree(networks, folder, dirs_exist_ok=True)

    @cache
    def compare(candidate: str) -> tuple[Comparison, Gate]:
        path = folder / f"{candidate}.toml"
        path.write_text(
            'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:9"\n'
            '[contract]\npath = "/predict"\n[accuracy]\n'
            f'reference = "fp32.onnx"\ncandidate = "{candidate}"\ndataset = "eval.npz"\n'
            "processes = 1\n"
        )
        gate = load(path)
        return evaluate(gate), gate

    return compare


@pytest.fixture(scope="module")
def clipped(compared: Compared) -> list[Finding | Evidence]:
    """What is told of a quantizer that was calibrated too narrowly."""
    comparison, gate = compared("clipped.onnx")
    return layer_evidence(comparison, gate, LIMIT)


def told(found: list[Finding | Evidence]) -> dict[str, Finding]:
    return {item.rule: item for item in found if isinstance(item, Finding)}


def test_a_candidate_that_passes_is_not_looked_into(compared: Compared) -> None:
    comparison, gate = compared("good.onnx")
    assert comparison.drop.high < 2
    assert layer_evidence(comparison, gate, LIMIT) == []


def test_a_quantizer_calibrated_too_narrowly_is_found(clipped: list[Finding | Evidence]) -> None:
    first = told(clipped)["layer-breaks"]
    assert first.location == "r2"
    assert first.message.startswith("the first layer that breaks: Conv conv2, from 3")
    advice = told(clipped)["advice-calibration"]
    assert "% of them are cut off: calibrate with more rows" in advice.message


def test_operators_on_whole_numbers_are_looked_into_as_well(compared: Compared) -> None:
    found = told(localise(*compared("qoperator-clipped.onnx")))
    assert "Conv conv2" in found["layer-breaks"].message
    assert "advice-calibration" in found


def test_a_quantizer_calibrated_too_widely_is_found(compared: Compared) -> None:
    found = told(localise(*compared("coarse.onnx")))
    assert found["layer-breaks"].location == "r2"
    assert "its steps are too large" in found["advice-calibration"].message


def test_weights_that_need_a_scale_for_each_output_are_found_and_mended(
    compared: Compared,
) -> None:
    """The advice is `per_channel=True`, and good.onnx is the same network quantized so."""
    comparison, gate = compared("per-tensor.onnx")
    found = layer_evidence(comparison, gate, LIMIT)
    assert told(found)["layer-breaks"].location == "r2"
    advice = told(found)["advice-per-channel"]
    assert advice.location == "conv2"
    assert advice.message.endswith("quantize with per_channel=True")
    mended, _ = compared("good.onnx")
    assert comparison.drop.low > 2 > mended.drop.high


def test_dynamic_quantization_is_looked_into_as_well(compared: Compared) -> None:
    found = told(localise(*compared("dynamic-per-tensor.onnx")))
    assert found["layer-breaks"].location == "c2"
    assert "exclude the node" in found["advice-per-channel"].message


def test_the_picture_shows_every_layer_and_its_quantizer(
    clipped: list[Finding | Evidence],
) -> None:
    (picture,) = (item for item in clipped if isinstance(item, Evidence))
    assert picture.data["labels"] == [
        "x (input)",
        "conv1 (Conv)",
        "conv2 (Conv)",
        "pool (MaxPool)",
        "fc (MatMul)",
        "add (Add)",
    ]
    measured, alone = (
        picture.data["series"][name] for name in ("in the candidate", "its quantizer alone")
    )
    assert min(measured[:2]) > 30
    assert max(measured[2:4]) < 10
    assert abs(measured[2] - alone[2]) < 1


def test_nothing_that_is_told_weighs(clipped: list[Finding | Evidence]) -> None:
    assert {finding.severity for finding in told(clipped).values()} == {Severity.INFO}


def test_a_service_without_a_file_cannot_be_looked_into(compared: Compared) -> None:
    comparison, gate = compared("good.onnx")
    pair = comparison.job.pair
    module = "harness.accuracy.backends.served"
    served = replace(pair, candidate=replace(pair.candidate, name="served", module=module))
    found = localise(replace(comparison, job=replace(comparison.job, pair=served)), gate)
    assert told(found)["layers"].message == (
        "layers were not compared: accuracy.file does not name the model that is served"
    )


def test_files_that_have_no_tensor_in_common_are_told(
    compared: Compared, save_linear: Callable[..., Path]
) -> None:
    comparison, gate = compared("good.onnx")
    other = save_linear("other.onnx", np.eye(64, 10, dtype=np.float32))
    pair = comparison.job.pair
    pair = replace(pair, candidate=replace(pair.candidate, path=str(other)))
    found = localise(replace(comparison, job=replace(comparison.job, pair=pair)), gate)
    assert told(found)["layers"].severity is Severity.INFO
