"""Keras models in one file, run by tensorflow in a child process and nowhere else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.backends.base import Options
from harness.accuracy.backends.model import Model, ModelSpec
from harness.accuracy.errors import ModelError


def _model(path: Path, **settings: str) -> Model:
    options = Options(settings=settings)
    return Model(ModelSpec("m.keras", "harness.accuracy.backends.keras", str(path), options))


@pytest.mark.slow
def test_scores_are_those_of_the_savedmodel(tensorflow_models: Path) -> None:
    rows = np.load(tensorflow_models / "eval.npz")["x"]
    with _model(tensorflow_models / "model.keras") as model:
        (scores,) = model.predict({"rows": rows}).values()
    assert model.runtime.startswith("keras 3.")
    assert scores.shape == (600, 3)
    assert (scores.argmax(1) == rows[:, :3].argmax(1)).all()


def test_settings_that_it_does_not_have(tmp_path: Path) -> None:
    """Found out before tensorflow is imported."""
    with pytest.raises(ModelError, match="setting threads = '2': expected no settings"):
        _model(tmp_path / "m.keras", threads="2").__enter__()


@pytest.mark.slow
def test_a_corrupt_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{")
    with pytest.raises(ModelError, match=r"m\.keras: "):
        _model(path).__enter__()
