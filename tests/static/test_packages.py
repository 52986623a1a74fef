"""What is installed in an image is held against what the source requires."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model import Finding, Measurement, Severity
from harness.static.declared import collect
from harness.static.packages import (
    Installed,
    compare_packages,
    image_requirements,
    read_metadata,
)
from harness.static.places import Places
from harness.static.requirements import Item, read_item

ROOT = "/opt/service/lib/python3.11/site-packages"


def required(*lines: str) -> list[Item]:
    return [
        read_item(line, f"requirements.txt:{n}", "requirements.txt")
        for n, line in enumerate(lines, 1)
    ]


def findings(items: list[Item], *installed: tuple[str, str]) -> list[tuple[str, Severity]]:
    there = [Installed(name, version, ROOT) for name, version in installed]
    seen = compare_packages(items, there)
    return [(one.rule, one.severity) for one in seen if isinstance(one, Finding)]


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        (
            f"{ROOT}/flask-3.1.0.dist-info/METADATA",
            b"Name: Flask\nVersion: 3.1.0\n\nx: y",
            Installed("flask", "3.1.0", ROOT),
        ),
        (
            f"{ROOT}/typing_extensions-4.0.dist-info/METADATA",
            None,
            Installed("typing-extensions", "4.0", ROOT),
        ),
        (
            "/usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO",
            None,
            Installed("six", "1.16.0", "/usr/lib/python3/dist-packages"),
        ),
        (
            "/usr/lib/python3/dist-packages/six-1.16.0-py3.11.egg-info",
            b"Name: six\nVersion: 1\n",
            Installed("six", "1", "/usr/lib/python3/dist-packages"),
        ),
        (f"{ROOT}/flask-3.1.0.dist-info/RECORD", b"", None),
        ("/srv/flask-3.1.0.dist-info/METADATA", b"", None),
    ],
)
def test_metadata_files_name_what_is_installed(
    path: str, content: bytes | None, expected: Installed | None
) -> None:
    assert read_metadata(path, content) == expected


def test_the_pinned_version_is_what_it_should_be() -> None:
    seen = compare_packages(required("flask==3.1.0"), [Installed("flask", "3.1.0", ROOT)])
    assert seen == [Measurement("packages", 1.0), Measurement("packages_compared", 1.0)]


def test_another_version_is_an_error_that_shows_both() -> None:
    seen = compare_packages(required("flask==3.1.0"), [Installed("flask", "3.0.0", ROOT)])
    finding = seen[-1]
    assert isinstance(finding, Finding)
    assert (finding.rule, finding.expected, finding.received) == (
        "package-version",
        "flask==3.1.0",
        f"3.0.0 in {ROOT}",
    )


def test_a_package_that_is_not_there_is_an_error() -> None:
    assert findings(required("flask==3.1.0")) == [("package-missing", Severity.ERROR)]


def test_packages_that_nobody_asked_for_are_fine() -> None:
    assert findings(required("flask==3"), ("flask", "3"), ("werkzeug", "3.1")) == []


def test_a_local_version_is_the_version() -> None:
    assert findings(required("torch==2.1.0"), ("torch", "2.1.0+cpu")) == []


def test_an_open_requirement_must_be_met() -> None:
    assert findings(required("flask>=3"), ("flask", "2.0")) == [("package-version", Severity.ERROR)]


def test_a_package_in_two_versions_is_a_warning() -> None:
    assert findings(required("flask==3"), ("flask", "3"), ("flask", "2")) == [
        ("package-twice", Severity.WARNING)
    ]


@pytest.mark.parametrize(
    "marker", ["sys_platform == 'win32'", "python_version < '3.11'", "extra == 'gpu'"]
)
def test_a_marker_that_does_not_hold_inside_the_image_is_obeyed(marker: str) -> None:
    assert findings(required(f"colorama==1 ; {marker}"), ("flask", "3")) == []


def test_a_marker_that_holds_is_obeyed() -> None:
    assert findings(required("uvloop==1 ; sys_platform == 'linux'")) == [
        ("package-missing", Severity.ERROR)
    ]


def test_requirements_of_training_are_not_those_of_the_image(tmp_path: Path) -> None:
    for folder, text in (("webapp", "flask==3\n-r base.txt\n"), ("training", "sklearn==1\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "requirements.txt").write_text(text)
    (tmp_path / "webapp" / "base.txt").write_text("numpy==2\n")
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(
        "FROM a:1\nCOPY training/requirements.txt training/requirements.txt\n"
        "RUN pip install -r training/requirements.txt\n"
        "COPY webapp/requirements.txt webapp/requirements.txt\n"
        "RUN pip install -r webapp/requirements.txt\n"
    )
    places = Places(tmp_path, tmp_path / "webapp", tmp_path, dockerfile)
    names = [item.name for item in image_requirements(places, collect(places))]
    assert names == ["flask", "numpy"]


def test_without_a_main_file_those_that_are_not_for_developers_count(tmp_path: Path) -> None:
    (tmp_path / "requirements-serve.txt").write_text("flask==3\n")
    (tmp_path / "requirements-dev.txt").write_text("pytest==9\n")
    places = Places(tmp_path, tmp_path, None, None)
    names = [item.name for item in image_requirements(places, collect(places))]
    assert names == ["flask"]
