"""SavedModels, run by tensorflow in a worker and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.errors import ModelError
from harness.accuracy.process import ModelProcess

MODULE = "harness.accuracy.backends.savedmodel"


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    """Found out before tensorflow is imported."""
    model = ModelProcess(tmp_path, MODULE, 32, start_within=60, answer_within=60)
    with pytest.raises(ModelError, match=r"has no saved_model\.pb"):
        model.start()
    model.close()


@pytest.mark.slow
def test_scores_come_back(tensorflow_models: Path) -> None:
    rows = np.load(tensorflow_models / "eval.npz")["x"]
    saved = tensorflow_models / "saved"
    model = ModelProcess(saved, MODULE, 32, start_within=120, answer_within=60)
    try:
        model.start()
        scores = model.predict({"rows": rows})
    finally:
        model.close()
    assert model.runtime.startswith("tensorflow 2.")
    assert (scores.argmax(1) == rows[:, :3].argmax(1)).all()


@pytest.mark.slow
def test_a_corrupt_savedmodel_is_named(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"hello")
    model = ModelProcess(tmp_path, MODULE, 32, start_within=120, answer_within=60)
    with pytest.raises(ModelError, match=str(tmp_path)):
        model.start()
    model.close()
