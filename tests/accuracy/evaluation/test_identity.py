"""What identifies a model: every byte that it consists of, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.evaluation import identity
from harness.accuracy.evaluation.identity import fingerprint


def test_a_file_is_its_content(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"abc")
    assert fingerprint(tmp_path / "m") == ("sha256:" + hashlib.sha256(b"abc").hexdigest(), 3)


def test_a_folder_is_the_names_and_contents_in_it(tmp_path: Path) -> None:
    """A renamed file and a byte that moved to the next file are other models."""
    found = set()
    folders = {
        "a": {"x": b"ab", "y": b"c"},
        "b": {"x": b"a", "y": b"bc"},
        "c": {"x": b"ab", "z": b"c"},
        "d": {"s/x": b"ab", "y": b"c"},
    }
    for name, files in folders.items():
        for file, content in files.items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_bytes(content)
        digest, size = fingerprint(tmp_path / name)
        assert size == 3
        found.add(digest)
    assert len(found) == 4


@pytest.fixture
def external(tmp_path: Path) -> Path:
    """An ONNX file whose weights lie in a file of their own, in a folder beside it."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 64])],
        [weights],
    )
    (tmp_path / "parts").mkdir()
    onnx.save(
        helper.make_model(graph),
        tmp_path / "m.onnx",
        save_as_external_data=True,
        location="parts/" + 140 * "w" + ".bin",
        size_threshold=0,
    )
    return tmp_path / "m.onnx"


def test_weights_beside_an_onnx_file_belong_to_it(external: Path) -> None:
    digest, size = fingerprint(external)
    (weights,) = (external.parent / "parts").iterdir()
    assert size == external.stat().st_size + weights.stat().st_size
    content = bytearray(weights.read_bytes())
    content[4_000] ^= 1
    weights.write_bytes(content)
    assert fingerprint(external)[0] != digest


def test_a_name_across_two_reads_is_found(external: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fingerprint(external)
    monkeypatch.setattr(identity, "_PIECE", 101)
    assert fingerprint(external) == whole


@pytest.mark.parametrize("name", [b"../secret", b"/etc/hostname", b"gone", b"a\0b"])
def test_a_name_that_leads_elsewhere_is_no_part_of_it(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "secret").write_bytes(b"s")
    (tmp_path / "models").mkdir()
    content = b"\x0a\x08location\x12" + bytes([len(name)]) + name
    (tmp_path / "models" / "m.onnx").write_bytes(content)
    expected = "sha256:" + hashlib.sha256(content).hexdigest(), len(content)
    assert fingerprint(tmp_path / "models" / "m.onnx") == expected


def test_weights_behind_a_link_belong_to_it(external: Path, tmp_path: Path) -> None:
    """As in a store of models, whose names are links to blobs elsewhere."""
    (weights,) = (external.parent / "parts").iterdir()
    (tmp_path / "blobs").mkdir()
    blob = weights.rename(tmp_path / "blobs" / "1")
    weights.symlink_to(blob)
    digest, _ = fingerprint(external)
    blob.write_bytes(bytes(blob.stat().st_size))
    assert fingerprint(external)[0] != digest


def test_a_folder_behind_a_link_belongs_to_the_folder(tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        (tmp_path / "m" / name).mkdir(parents=True)
        (tmp_path / "m" / name / "x").write_bytes(name.encode())
    link = tmp_path / "m" / "variables"
    digests = set()
    for name in ("v1", "v2"):
        link.unlink(missing_ok=True)
        link.symlink_to(tmp_path / "m" / name)
        digests.add(fingerprint(tmp_path / "m")[0])
    (tmp_path / "m" / "v1" / "up").symlink_to(tmp_path / "m")  # does not go round for ever
    fingerprint(tmp_path / "m")
    assert len(digests) == 2
