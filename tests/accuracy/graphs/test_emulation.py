"""Another processor's answers, and that the certificate knows them beforehand."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import GateError, cpuinfo
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.graphs.emulation import emulate, emulation_evidence, launcher
from harness.accuracy.graphs.saturation import certificate
from harness.config import Gate

FILES = ["u8s8_channel", "s8s8_channel", "qoperator_channel", "u8s8_tensor"]
FILES += ["u8s8_channel_reduced", "u8u8", "dynamic_s8", "dynamic_s8_channel", "dynamic_u8"]


def test_without_qemu_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(GateError, match="apt-get install qemu-user-static"):
        launcher("haswell")


def test_on_another_architecture_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(GateError, match="this is a aarch64 machine"):
        launcher("haswell")


@pytest.mark.usefixtures("qemu")
def test_an_emulated_haswell_changes_answers_that_saturate(gate_on: Callable[..., Gate]) -> None:
    measured, told = emulation_evidence(gate_on("u8s8_channel.onnx", emulate="haswell"))

    assert measured.name == "emulated_changes" and measured.n == 400  # type: ignore[union-attr]
    assert measured.value > 5  # type: ignore[union-attr]
    assert "on an emulated haswell" in told.message  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.usefixtures("qemu")
@pytest.mark.parametrize("name", FILES)
def test_the_certificate_predicts_which_files_change(
    digits: Path, spec: Callable[[Path, int], ModelSpec], name: str
) -> None:
    rows = {"x": np.load(digits / "eval.npz")["x"][:2000]}

    found = emulate(spec(digits / f"{name}.onnx", 32), rows, "haswell")

    risky = certificate(digits / f"{name}.onnx", name).share > 0
    assert found.rows == 2000
    assert found.difference.equal is not risky
    assert found.difference.changed.any() == risky


@pytest.mark.slow
@pytest.mark.usefixtures("qemu")
def test_a_processor_that_saturates_itself_is_told_not_to(
    digits: Path, spec: Callable[[Path, int], ModelSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {"x": np.load(digits / "eval.npz")["x"][:500]}
    model = spec(digits / "u8s8_channel.onnx", 32)
    usual: Any = emulate(model, rows, "haswell")
    monkeypatch.setattr(cpuinfo, "flags", lambda: frozenset({"avx2"}))

    told: Any = emulate(model, rows, "haswell")

    assert told.exact
    assert told.difference.changed.sum() == usual.difference.changed.sum() > 0
