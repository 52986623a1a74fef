"""Our own rules about Dockerfiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model import Finding, Severity
from harness.static.buildrules import judge_build
from harness.static.dockerfile import parse
from harness.static.places import Places


def judged(folder: Path, text: str) -> list[Finding]:
    file = folder / "Dockerfile"
    file.write_text(text)
    return judge_build(parse(text), file, folder, Places(folder, folder, folder, file))


def rules(folder: Path, text: str) -> list[str]:
    (folder / ".dockerignore").write_text(".git\n")
    return [finding.rule for finding in judged(folder, text)]


@pytest.mark.parametrize("image", ["python", "python:latest", "registry:5000/team/python"])
def test_a_base_image_that_may_change_is_found(tmp_path: Path, image: str) -> None:
    assert rules(tmp_path, f"FROM {image}\n") == ["base-image-unpinned"]


@pytest.mark.parametrize(
    "image",
    ["python:3.11-slim", "scratch", "python@sha256:" + "0" * 64, "registry:5000/team/python:1"],
)
def test_a_base_image_with_a_version_is_fine(tmp_path: Path, image: str) -> None:
    assert rules(tmp_path, f"FROM {image}\n") == []


def test_a_stage_needs_no_version(tmp_path: Path) -> None:
    assert rules(tmp_path, "FROM a:1 AS base\nFROM base\n") == []


def test_a_base_image_from_a_variable_without_value_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("")
    found = judged(tmp_path, "ARG BASE\nFROM $BASE\n")
    assert [(one.rule, one.severity) for one in found] == [
        ("base-image-variable", Severity.WARNING)
    ]


@pytest.mark.parametrize(
    "run",
    [
        "apt-get update && apt-get install -y --no-install-recommends gcc curl",
        "apt install -y build-essential",
        "apt-get -y -o Acquire::Retries=3 install g++-12",
        "apk add --no-cache musl-dev",
        "dnf install -y git",
        "/usr/bin/apt-get install cmake=3.25.1-1",
    ],
)
def test_build_tools_in_the_last_stage_are_found(tmp_path: Path, run: str) -> None:
    assert rules(tmp_path, f"FROM a:1\nRUN {run}\n") == ["build-tools-shipped"]


def test_the_finding_names_the_tools_the_line_and_the_stages(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("")
    found = judged(tmp_path, "FROM a:1\nUSER 1\nRUN apt-get install -y gcc git libgomp1\n")
    assert found[0].message == "the image ships build tools: gcc, git"
    assert found[0].location == "Dockerfile:3"
    assert found[0].received == "a single stage"


@pytest.mark.parametrize(
    "run",
    [
        "apt-get install -y libgomp1 ca-certificates",
        "apt-get install -y gcc && pip install x && apt-get purge -y --auto-remove gcc",
        "apk add --virtual .build gcc musl-dev && pip install x && apk del .build",
        "echo apt-get install gcc",
        "pip install cmake==3.27.0",
    ],
)
def test_run_time_packages_and_removed_tools_are_fine(tmp_path: Path, run: str) -> None:
    assert rules(tmp_path, f"FROM a:1\nRUN {run}\n") == []


def test_build_tools_of_an_earlier_stage_stay_behind(tmp_path: Path) -> None:
    text = "FROM a:1 AS build\nRUN apt-get install -y gcc\nFROM a:1\nCOPY --from=build /x /x\n"
    assert rules(tmp_path, text) == []


def test_build_tools_of_the_stage_below_are_shipped(tmp_path: Path) -> None:
    text = "FROM a:1 AS base\nRUN apt-get install -y gcc\nFROM base\nUSER 1\n"
    assert rules(tmp_path, text) == ["build-tools-shipped"]


def test_a_context_that_is_copied_whole_needs_a_dockerignore(tmp_path: Path) -> None:
    found = judged(tmp_path, "FROM a:1\nCOPY . /app\n")
    assert [(one.rule, one.severity) for one in found] == [("dockerignore-missing", Severity.ERROR)]
    assert found[0].received == "line 2: COPY ."


def test_a_folder_that_is_copied_needs_a_dockerignore(tmp_path: Path) -> None:
    (tmp_path / "webapp").mkdir()
    assert judged(tmp_path, "FROM a:1\nCOPY webapp /app\n")[0].severity is Severity.ERROR


def test_single_files_need_a_dockerignore_less(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    assert judged(tmp_path, "FROM a:1\nCOPY app.py /app/\n")[0].severity is Severity.WARNING


def test_a_dockerignore_of_the_dockerfiles_own_counts(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile.dockerignore").write_text(".git\n")
    assert judged(tmp_path, "FROM a:1\nCOPY . /app\n") == []


def test_a_file_without_from_and_with_unknown_words_is_found(tmp_path: Path) -> None:
    assert rules(tmp_path, "RUNN echo\n") == ["unknown-instruction", "no-stage"]
