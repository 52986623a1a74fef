"""SavedModels, run by tensorflow in a child process and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.backends.model import Model, ModelSpec
from harness.accuracy.errors import ModelError


def _model(path: Path) -> Model:
    return Model(ModelSpec("saved", "harness.accuracy.backends.savedmodel", str(path)))


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    """Found out before tensorflow is imported."""
    with pytest.raises(ModelError, match=r"saved: the folder has no saved_model\.pb"):
        _model(tmp_path).__enter__()


@pytest.mark.slow
def test_scores_come_back(tensorflow_models: Path) -> None:
    rows = np.load(tensorflow_models / "eval.npz")["x"]
    with _model(tensorflow_models / "saved") as model:
        (scores,) = model.predict({"rows": rows}).values()
    assert model.runtime.startswith("tensorflow 2.")
    assert (scores.argmax(1) == rows[:, :3].argmax(1)).all()


@pytest.mark.slow
def test_a_corrupt_savedmodel_is_named(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"hello")
    with pytest.raises(ModelError, match="saved: "):
        _model(tmp_path).__enter__()
