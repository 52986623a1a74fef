"""SavedModels: the default signature, read without loading the graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract.signatures import of_file
from harness.errors import ConfigError

DIGITS = Path(__file__).resolve().parents[4] / "examples/digits/models/digits.savedmodel"


@pytest.mark.skipif(not DIGITS.is_dir(), reason="`make examples` has not made the models")
def test_the_default_signature_of_a_saved_model() -> None:
    pytest.importorskip("tensorflow")
    found = of_file(DIGITS)
    assert [(t.name, t.datatype, t.shape) for t in found.inputs] == [("x", "FP32", ["batch", 64])]
    assert [(t.datatype, t.shape) for t in found.outputs] == [("FP32", ["batch", 10])]


def test_a_folder_whose_model_is_none_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    (tmp_path / "saved_model.pb").write_bytes(b"nothing of the kind")
    with pytest.raises(ConfigError, match=str(tmp_path)):
        of_file(tmp_path)
