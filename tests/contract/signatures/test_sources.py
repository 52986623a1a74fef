"""Finding the source that a file or a document belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract.signatures import of_file, of_server
from harness.errors import ConfigError


def test_a_file_of_no_known_kind_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"")
    with pytest.raises(ConfigError, match=r"model.pt: no known kind .* MLmodel"):
        of_file(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file or folder"):
        of_file(tmp_path / "model.onnx")


@pytest.mark.parametrize("document", [None, [], {}, {"name": "m"}, {"inputs": 1}, "text", 3])
def test_a_document_of_no_known_kind_has_no_signature(document: object) -> None:
    assert of_server(document, "GET /info") is None
