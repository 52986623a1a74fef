"""Readers are found by the suffix that they declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import ConfigError
from harness.accuracy.backends import backend_of


def test_a_file_finds_its_backend() -> None:
    assert backend_of(Path("model.ONNX")) == "harness.accuracy.backends.onnx"
    assert backend_of(Path("model.keras")) == "harness.accuracy.backends.keras"
    assert backend_of(Path("model.tflite")) == "harness.accuracy.backends.litert"


def test_a_folder_is_a_savedmodel(tmp_path: Path) -> None:
    assert backend_of(tmp_path) == "harness.accuracy.backends.savedmodel"


def test_an_unknown_suffix_is_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigError, match=r"no reader for '.onx'.*\.onnx.*a folder.*did you mean"):
        backend_of(Path("model.onx"))


def test_a_pickle_is_never_a_model() -> None:
    with pytest.raises(ConfigError, match="no reader for '.pkl'"):
        backend_of(Path("model.pkl"))
