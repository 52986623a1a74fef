"""Where the source checks look."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import Gate, load
from harness.errors import ConfigError
from harness.static.places import Places, own_files


def gate(folder: Path, candidate: str) -> Gate:
    """A gate.toml in `folder` with those lines in [candidate]."""
    text = f'version = 1\n[candidate]\nname = "it"\n{candidate}\n[contract]\npath = "/predict"\n'
    (folder / "gate.toml").write_text(text)
    return load(folder / "gate.toml")


def test_the_dockerfile_of_the_source_folder_comes_first(tmp_path: Path) -> None:
    (tmp_path / "webapp").mkdir()
    (tmp_path / "webapp" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    places = Places.of(gate(tmp_path, 'image = "it:1"\nsource = "webapp"'))
    assert places.dockerfile == tmp_path / "webapp" / "Dockerfile"
    assert places.context == tmp_path / "webapp"


def test_the_folder_above_the_source_is_looked_at_within_the_project(tmp_path: Path) -> None:
    (tmp_path / "webapp").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    places = Places.of(gate(tmp_path, 'image = "it:1"\nsource = "webapp"'))
    assert places.dockerfile == tmp_path / "Dockerfile"


def test_the_folder_above_the_project_is_not_looked_at(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    places = Places.of(gate(project, 'image = "it:1"\nsource = "."'))
    assert places.dockerfile is None


def test_a_configured_build_names_context_and_dockerfile(tmp_path: Path) -> None:
    (tmp_path / "ctx").mkdir()
    (tmp_path / "ctx" / "Dockerfile.gpu").write_text("FROM scratch\n")
    places = Places.of(gate(tmp_path, 'build = { context = "ctx", dockerfile = "Dockerfile.gpu" }'))
    assert places.dockerfile == tmp_path / "ctx" / "Dockerfile.gpu"
    assert places.source is None


def test_a_file_outside_the_project_is_not_read(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret").write_text("hunter2")
    (project / "link").symlink_to(tmp_path / "secret")
    places = Places(project, project, None, None)
    with pytest.raises(ConfigError, match="outside the project"):
        places.read(project / "link")


def test_a_file_of_more_than_a_mebibyte_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        Places(tmp_path, tmp_path, None, None).read(tmp_path / "big")


def test_environments_tools_and_links_are_not_own_files(tmp_path: Path) -> None:
    for folder in ("pkg", ".venv", ".git", "site-packages", "named"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.py").write_text("")
    (tmp_path / "named" / "pyvenv.cfg").write_text("")
    (tmp_path / "link.py").symlink_to(tmp_path / "pkg" / "a.py")
    assert list(own_files(tmp_path, "*.py")) == [tmp_path / "pkg" / "a.py"]


def test_paths_are_shown_from_the_folder_of_gate_toml(tmp_path: Path) -> None:
    places = Places(tmp_path / "gate", tmp_path / "source", None, None)
    assert places.shown(tmp_path / "source" / "app.py") == "../source/app.py"
