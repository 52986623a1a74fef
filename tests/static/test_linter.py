"""flake8 over a candidate's source. The real flake8 runs here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.errors import ConfigError, EngineError
from harness.model import Finding
from harness.static.linter import lint
from harness.static.places import Places


def run(folder: Path, mode: str = "fatal") -> tuple[int, list[Finding]]:
    return lint(Places(folder, folder, None, None), folder, mode)


def test_an_undefined_name_is_found_with_file_line_and_code(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def answer():\n    return modle\n")
    assert run(tmp_path) == (
        1,
        [Finding("F821", "F821 undefined name 'modle'", location="app.py:2")],
    )


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("E999", "def answer(:\n"),
        ("F401", "import json\n"),
        ("F632", "def f(a):\n    return a is 'x'\n"),
        ("F706", "return 1\n"),
        ("F811", "def f():\n    pass\n\n\ndef f():\n    pass\n"),
        ("F823", "x = 1\n\n\ndef f():\n    print(x)\n    x = 2\n    return x\n"),
        ("F507", "print('%s %s' % (1,))\n"),
    ],
)
def test_what_is_wrong_in_any_style_is_found(tmp_path: Path, code: str, source: str) -> None:
    (tmp_path / "app.py").write_text(source)
    assert [finding.rule for finding in run(tmp_path)[1]] == [code]


def test_style_is_nobody_elses_business(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x=1;y = [ 1,2 ]   \nl = lambda: 0\n" + "z = 1 #" + "-" * 200)
    assert run(tmp_path) == (1, [])


def test_a_package_may_import_names_to_offer_them(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("from json import dumps\n")
    assert run(tmp_path) == (1, [])


def test_a_noqa_comment_is_honoured(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import json  # noqa: F401\n")
    assert run(tmp_path) == (1, [])


def test_a_folder_without_python_has_no_files_and_no_findings(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text("package main\n")
    assert run(tmp_path) == (0, [])


def test_the_candidates_modules_do_not_hide_those_of_the_linter(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text("raise SystemExit('taken over')\n")
    (tmp_path / "flake8.py").write_text("raise SystemExit('taken over')\n")
    assert run(tmp_path) == (2, [])


def test_a_file_name_with_colons_spaces_and_dashes_is_reported_whole(tmp_path: Path) -> None:
    (tmp_path / "-a b:1:2: X1 y.py").write_text("import json\n")
    assert [finding.location for finding in run(tmp_path)[1]] == ["-a b:1:2: X1 y.py:1"]


def test_the_fatal_mode_ignores_the_projects_configuration(tmp_path: Path) -> None:
    (tmp_path / ".flake8").write_text("[flake8]\nignore = F\n")
    (tmp_path / "app.py").write_text("import json\n")
    assert [finding.rule for finding in run(tmp_path)[1]] == ["F401"]


def test_the_project_mode_uses_the_projects_configuration(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "setup.cfg").write_text("[flake8]\nselect = E501\nmax-line-length = 20\n")
    (tmp_path / "pkg" / "app.py").write_text("import json\nx = 'a long line, but not a very'\n")
    found = lint(Places(tmp_path, tmp_path / "pkg", None, None), tmp_path / "pkg", "project")
    assert [(one.rule, one.location) for one in found[1]] == [("E501", "pkg/app.py:2")]


def test_the_project_mode_without_a_configuration_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    with pytest.raises(ConfigError, match="no flake8 section"):
        run(tmp_path, "project")


def test_a_configuration_that_brings_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    (tmp_path / ".flake8").write_text(
        "[flake8]\nignore = E\n[flake8:local-plugins]\nextension = X = evil:Plugin\n"
    )
    with pytest.raises(ConfigError, match="local-plugins"):
        run(tmp_path, "project")


def test_a_linter_that_breaks_is_an_error_and_no_clean_source(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    (tmp_path / ".flake8").write_text("[flake8]\nmax-line-length = wide\n")
    with pytest.raises(EngineError, match="flake8 broke with exit code"):
        run(tmp_path, "project")


def test_a_linter_that_does_not_end_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("flake8", 120.0)

    (tmp_path / "app.py").write_text("")
    monkeypatch.setattr(subprocess, "run", too_slow)
    with pytest.raises(EngineError, match="did not end within"):
        run(tmp_path)


def test_more_files_than_fit_on_one_command_line_are_all_linted(tmp_path: Path) -> None:
    for number in range(401):
        (tmp_path / f"m{number:03}.py").write_text("import json\n" if number in (0, 400) else "")
    files, findings = run(tmp_path)
    assert (files, [one.location for one in findings]) == (401, ["m000.py:1", "m400.py:1"])
