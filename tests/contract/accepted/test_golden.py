"""Golden files: what is written is read again, and a file that is none stops before a start."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.accepted.golden import Golden, Recorded, read, write
from harness.contract.accepted.snapshot import Snapshot
from harness.contract.wire.transport import Prepared
from harness.errors import ConfigError
from harness.model import Candidate

OUTPUT = Tensor(name="p", shape=["batch", 2], sums_to=1.0)
CONTRACT = Snapshot(
    "json", None, "/predict", {"type": "array"}, True, (), (OUTPUT,), 8, ("$.request_id",)
)
TEXT = Recorded(
    "example on line 1",
    Prepared("POST", "/predict", {"Content-Type": "application/json"}, '["gut ☀"]'.encode()),
    200,
    "application/json",
    b'{"p": [0.5, 0.5]}\n',
)
BINARY = Recorded(
    "bytes", Prepared("POST", "/predict", {}, b"\xff\x00", chunked=True), 200, "", b"\xfe"
)
GOLDEN = Golden(
    Candidate("m", "m:1", "sha256:0123456789abcdef"),
    CONTRACT,
    "sha256:1",
    (TEXT, BINARY),
    {"a": "b"},
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """GOLDEN, written."""
    write(GOLDEN, tmp_path / "deep" / "golden.json")
    return tmp_path / "deep" / "golden.json"


def test_what_was_written_is_read_again_byte_for_byte(file: Path) -> None:
    assert read(file) == GOLDEN


def test_one_release_always_gives_the_same_file(file: Path, tmp_path: Path) -> None:
    write(read(file), tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == file.read_bytes()


def test_the_file_begins_with_its_version_and_has_one_answer_a_line(file: Path) -> None:
    lines = file.read_text(encoding="ascii").splitlines()
    assert lines[1] == '"schema_version": "1.0",'
    assert sum(line.startswith('{"name": ') for line in lines) == 2
    assert [path.name for path in file.parent.iterdir()] == ["golden.json"]


def test_a_release_is_named_by_reference_and_digest() -> None:
    assert GOLDEN.name == "m:1 (0123456789ab)"


def _edited(file: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    raw = json.loads(file.read_text(encoding="utf-8"))
    edit(raw)
    file.write_text(json.dumps(raw), encoding="utf-8")


EDITS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another version": (lambda raw: raw.update(schema_version="2.0"), "schema_version"),
    "no version": (lambda raw: raw.pop("schema_version"), "schema_version"),
    "another answer": (lambda raw: raw["answers"][0]["answer"].update(status=201), "was changed"),
    "an answer less": (lambda raw: raw["answers"].pop(), "was changed"),
    "no checksum": (lambda raw: raw.pop("sha256"), "was changed"),
}


@pytest.mark.parametrize(("edit", "message"), EDITS.values(), ids=list(EDITS))
def test_a_file_that_was_edited_is_refused(
    file: Path, edit: Callable[[dict[str, Any]], object], message: str
) -> None:
    _edited(file, edit)
    with pytest.raises(ConfigError, match=message):
        read(file)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"schema_version": "1.0"}', "\ufeff{}"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "golden.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="golden.json"):
        read(tmp_path / "golden.json")


@pytest.mark.parametrize("member", ["subject", "contract", "answers", "left_out", "corpus"])
def test_a_sound_checksum_does_not_excuse_a_member_that_is_missing(
    file: Path, member: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.contract.accepted.golden._digest", lambda content: "same")
    _edited(file, lambda raw: (raw.pop(member), raw.update(sha256="same")))
    with pytest.raises(ConfigError, match="no golden file"):
        read(file)


def test_members_that_a_later_version_added_are_passed_over(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.contract.accepted.golden._digest", lambda content: "same")
    later = {"schema_version": "1.7", "sha256": "same", "weather": "fine"}
    _edited(file, lambda raw: (raw.update(later), raw["contract"]["outputs"][0].update(hue=1)))
    assert read(file) == GOLDEN


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read(tmp_path / "golden.json")


def test_answers_behind_another_protocol_are_refused(file: Path) -> None:
    assert read(file, "json") == GOLDEN
    with pytest.raises(ConfigError, match="protocol 'json', and contract.protocol is 'mlflow'"):
        read(file, "mlflow")


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        write(GOLDEN, tmp_path / "file" / "golden.json")
