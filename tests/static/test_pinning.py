"""What is not pinned is found, and weighed by whether it reaches the image."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model import Finding, Measurement, Severity
from harness.static.pinning import is_development, pins
from harness.static.places import Places


def judged(folder: Path) -> tuple[dict[str, float], list[tuple[str, Severity]]]:
    dockerfile = folder / "Dockerfile"
    found = dockerfile if dockerfile.is_file() else None
    seen = pins(Places(folder, folder, folder, found))
    numbers = {one.name: one.value for one in seen if isinstance(one, Measurement)}
    return numbers, [(one.rule, one.severity) for one in seen if isinstance(one, Finding)]


def test_pinned_requirements_are_counted_and_fine(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask==3.1.0\nonnxruntime==1.20.1\n")
    assert judged(tmp_path) == ({"requirements": 2.0, "unpinned": 0.0}, [])


def test_an_open_requirement_is_an_error_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("onnxruntime>=1.20\n")
    finding = pins(Places(tmp_path, tmp_path, None, None))[-1]
    assert isinstance(finding, Finding)
    assert finding.severity is Severity.ERROR
    assert finding.location == "requirements.txt:1"
    assert "onnxruntime" in finding.message
    assert "every prediction broke" in finding.expected


def test_an_open_requirement_of_developers_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "requirements-dev.txt").write_text("pytest\n")
    (tmp_path / "requirements.txt").write_text("flask==3.1.0\n")
    assert judged(tmp_path)[1] == [("requirement-unpinned", Severity.WARNING)]


def test_a_developers_file_that_is_installed_in_the_image_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "requirements-dev.txt").write_text("pytest\n")
    (tmp_path / "Dockerfile").write_text("FROM a:1\nRUN pip install -r requirements-dev.txt\n")
    assert judged(tmp_path)[1] == [("requirement-unpinned", Severity.ERROR)]


def test_an_open_installer_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a:1\nRUN pip install -U pip setuptools wheel\n")
    assert judged(tmp_path)[1] == [("requirement-unpinned", Severity.WARNING)] * 3


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask=3\n")
    assert judged(tmp_path)[1] == [("requirement-unreadable", Severity.ERROR)]


def test_when_nothing_can_be_judged_the_check_cannot_pass(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r gone.txt\n")
    assert judged(tmp_path)[1] == [
        ("requirement-unknown", Severity.WARNING),
        ("requirements-unknown", Severity.DOUBT),
    ]


def test_python_without_any_requirement_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    assert judged(tmp_path) == (
        {"requirements": 0.0, "unpinned": 0.0},
        [("requirements-absent", Severity.WARNING)],
    )


def test_a_source_without_python_needs_no_requirements(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text("")
    assert judged(tmp_path)[1] == [("requirements-absent", Severity.INFO)]


def test_a_lock_file_is_information(tmp_path: Path) -> None:
    (tmp_path / "poetry.lock").write_text("")
    assert judged(tmp_path)[1] == [("locked", Severity.INFO)]


@pytest.mark.parametrize(
    "file", ["requirements-dev.txt", "requirements_test.txt", "x/requirements.docs.txt"]
)
def test_files_for_developers_are_known_by_name(file: str) -> None:
    assert is_development(file)


@pytest.mark.parametrize(
    "file", ["requirements.txt", "dev/requirements.txt", "requirements-device.txt"]
)
def test_other_files_are_for_the_image(file: str) -> None:
    assert not is_development(file)
