"""The accuracy checks of a file by itself: when there is nothing for them to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks import check_accuracy
from harness.config import load
from harness.declare import CheckSpec, spec_of


def _spec(name: str) -> CheckSpec:
    spec = spec_of(getattr(check_accuracy, f"check_{name}"))
    assert spec is not None
    return spec


def _idle(name: str, folder: Path, **accuracy: Any) -> str:
    """Why the check does not apply to a gate with that `[accuracy]`."""
    for file in ("eval.npz", "m.onnx", "m.tflite", "m.keras"):
        (folder / file).touch()
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in accuracy.items()]
    told = '[accuracy]\ndataset = "eval.npz"\nreference = "m.onnx"\n' + "\n".join(lines)
    (folder / "gate.toml").write_text(
        'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:9"\n'
        '[contract]\npath = "/predict"\n' + (told if accuracy else "")
    )
    applies = _spec(name).applies
    assert applies is not None
    return applies(load(folder / "gate.toml"))


@pytest.mark.parametrize(
    ("name", "accuracy", "reason"),
    [
        ("portability", {}, "the gate has no [accuracy]"),
        ("portability", {"candidate": "served"}, "accuracy.file does not name the file"),
        ("portability", {"candidate": "m.tflite"}, "m.tflite is no .onnx file"),
        ("portability", {"candidate": "served", "file": "m.onnx"}, ""),
        ("emulation", {"candidate": "m.onnx"}, "accuracy.emulate is not set"),
        ("emulation", {"candidate": "m.tflite", "emulate": "haswell"}, ""),
        ("execution", {"candidate": "m.keras"}, "m.keras is no .onnx or .tflite or .litert file"),
        ("execution", {"candidate": "m.tflite"}, ""),
    ],
)
def test_a_check_looks_at_the_files_that_it_can_read(
    tmp_path: Path, name: str, accuracy: dict[str, str], reason: str
) -> None:
    found = _idle(name, tmp_path, **accuracy)

    assert found.startswith(reason) if reason else found == ""


def test_execution_advises_and_the_others_are_required() -> None:
    advisory = {name: _spec(name).advisory for name in ("portability", "emulation", "execution")}

    assert advisory == {"portability": False, "emulation": False, "execution": True}
