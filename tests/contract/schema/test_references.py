"""References between files: below the schema's folder only, and never over a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.contract.generate import Drawer
from harness.contract.schema.schemas import Schema
from harness.errors import ConfigError


def written(folder: Path, **files: Any) -> Path:
    """The schema `a.json` in a folder, beside other files; `parts_b` is parts/b.json."""
    for name, document in files.items():
        path = folder / (name.replace("_", "/") + ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
    return folder / "a.json"


def test_a_file_beside_or_below_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        a={"properties": {"x": {"$ref": "b.json"}, "y": {"$ref": "parts/c.json#/$defs/n"}}},
        b={"type": "string"},
        parts_c={"$defs": {"n": {"$ref": "../d.json"}}},
        d={"type": "integer"},
    )
    schema = Schema.read(path, "a.json")
    assert schema.accepts({"x": "s", "y": 1})
    found = schema.violations({"x": "s", "y": "1"})[0]
    assert (found.path, found.message) == ("$.y", "'1' is not of type 'integer'")


def test_files_are_found_beside_a_schema_that_names_itself(tmp_path: Path) -> None:
    named = "https://example.org/schemas/"
    path = written(
        tmp_path,
        a={"$id": f"{named}a.json", "$ref": "parts/b.json"},
        parts_b={"$id": f"{named}parts/b.json", "type": "string"},
    )
    schema = Schema.read(path)
    assert schema.accepts("s") and not schema.accepts(1)


def test_instances_are_drawn_across_files(tmp_path: Path) -> None:
    path = written(tmp_path, a={"$ref": "b.json"}, b={"enum": ["x", "y"]})
    assert sorted(Drawer(Schema.read(path)).instances(2)) == ["x", "y"]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("../outside.json", "is outside of"),
        ("link.json", "is outside of"),
        ("/etc/passwd", "is outside of"),
        ("file:///etc/passwd", "is outside of"),
        ("http://192.0.2.1/x.json", "is not fetched"),
        ("none.json", "cannot be read: No such file"),
        ("broken.json", "expected a JSON Schema"),
        ("wrong.json", "not a JSON Schema at #/type"),
        ("b.json#/$defs/none", "does not exist"),
    ],
)
def test_every_other_reference_is_refused(tmp_path: Path, reference: str, expected: str) -> None:
    folder = tmp_path / "contracts"
    path = written(folder, a={"not": {"$ref": reference}}, b={}, wrong={"type": "integr"})
    written(tmp_path, outside={"type": "string"})
    folder.joinpath("link.json").symlink_to(tmp_path / "outside.json")
    folder.joinpath("broken.json").write_text("{")
    with pytest.raises(ConfigError) as caught:
        Schema.read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: not a JSON Schema at #/not/$ref: ")
    assert expected in message
    assert message.endswith("$ref may point into the same file or to files below its folder")
