"""A format is one file: whoever adds it is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ReportError
from harness.report import Report, formats, known_formats, write


def test_the_shipped_formats_are_found() -> None:
    assert [each.name for each in known_formats()] == [
        "ctrf",
        "github_annotations",
        "gitlab",
        "html",
        "junit",
        "markdown",
        "openmetrics",
        "sarif",
    ]


def test_a_file_that_a_stranger_adds_is_a_format(
    failed: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "oneline.py").write_text(
        "FILE = 'line.txt'\n\n\ndef render(report):\n    return str(report.verdict)\n"
    )
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    files = write(failed, tmp_path / "out")
    assert files["oneline"].read_text() == "fail"


def test_half_a_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "halfway.py").write_text("FILE = 'x.txt'\n")
    monkeypatch.setattr(formats, "__path__", [str(tmp_path)])
    with pytest.raises(ReportError, match="'halfway': expected FILE, a file name, and render"):
        known_formats()
