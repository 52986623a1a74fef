"""The source checks, called as functions on small projects."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.check_source import check_dockerfile, check_lint, check_pins
from harness.config import Gate, load
from harness.declare import spec_of
from harness.judge import Judgement, judge
from harness.model import Finding, Outcome, Severity

GOOD = {
    "webapp/app.py": "print('ready')\n",
    "webapp/requirements.txt": "flask==3.1.0\n",
    "Dockerfile": "FROM python:3.11-slim\nWORKDIR /srv\nCOPY webapp webapp\n",
    ".dockerignore": ".git\n",
}


def gate(folder: Path, files: dict[str, str], candidate: str = 'source = "webapp"') -> Gate:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "gate.toml").write_text(
        f'version = 1\n[candidate]\nname = "it"\nimage = "it:1"\n{candidate}\n'
        '[contract]\npath = "/predict"\n'
    )
    return load(folder / "gate.toml")


def judged(check: object, seen: object) -> Judgement:
    spec = spec_of(check)
    assert spec is not None
    return judge(spec.limits, seen)


def applies(check: object, one: Gate) -> str:
    spec = spec_of(check)
    assert spec is not None and spec.applies is not None
    return spec.applies(one)


def test_a_good_source_passes_every_check(tmp_path: Path) -> None:
    one = gate(tmp_path, GOOD)
    for check, seen in (
        (check_lint, check_lint(one, tmp_path / "webapp")),
        (check_pins, check_pins(one)),
        (check_dockerfile, check_dockerfile(one)),
    ):
        assert applies(check, one) == ""
        assert judged(check, seen).outcome is Outcome.PASSED


def test_an_undefined_name_fails_with_file_and_line(tmp_path: Path) -> None:
    one = gate(tmp_path, {**GOOD, "webapp/app.py": "print(\n    model)\n"})
    judgement = judged(check_lint, check_lint(one, tmp_path / "webapp"))
    assert judgement.outcome is Outcome.FAILED
    assert judgement.reason == "F821 undefined name 'model' (at webapp/app.py:2)"


def test_a_source_without_python_says_that_nothing_was_linted(tmp_path: Path) -> None:
    one = gate(tmp_path, {"webapp/main.go": ""})
    seen = check_lint(one, tmp_path / "webapp")
    assert [m.value for m in judged(check_lint, seen).measurements] == [0.0, 0.0]
    assert [x.severity for x in seen if isinstance(x, Finding)] == [Severity.INFO]


def test_the_projects_own_rules_hold_where_asked(tmp_path: Path) -> None:
    files = {**GOOD, "webapp/app.py": "x=1\n", ".flake8": "[flake8]\nselect = E225\n"}
    one = gate(tmp_path, files, 'source = "webapp"\nlint = "project"')
    judgement = judged(check_lint, check_lint(one, tmp_path / "webapp"))
    assert [finding.rule for finding in judgement.findings] == ["E225"]


def test_an_open_onnxruntime_fails_and_tells_its_story(tmp_path: Path) -> None:
    one = gate(tmp_path, {**GOOD, "webapp/requirements.txt": "onnxruntime>=1.20\n"})
    judgement = judged(check_pins, check_pins(one))
    assert judgement.outcome is Outcome.FAILED
    assert "every prediction broke" in judgement.findings[0].expected


@pytest.mark.parametrize(
    ("file", "text", "rule"),
    [
        ("Dockerfile", "FROM python:latest\n", "base-image-unpinned"),
        ("Dockerfile", "FROM a:1\nRUN apt-get install -y gcc\n", "build-tools-shipped"),
        ("Dockerfile", "FROM a:1\nWORKDIR srv\n", "DL3000"),
    ],
)
def test_a_careless_dockerfile_fails(tmp_path: Path, file: str, text: str, rule: str) -> None:
    judgement = judged(check_dockerfile, check_dockerfile(gate(tmp_path, {**GOOD, file: text})))
    assert judgement.outcome is Outcome.FAILED
    errors = [one.rule for one in judgement.findings if one.severity is Severity.ERROR]
    assert errors == [rule]


def test_a_missing_dockerignore_fails_where_a_folder_is_copied(tmp_path: Path) -> None:
    one = gate(tmp_path, {name: GOOD[name] for name in GOOD if name != ".dockerignore"})
    judgement = judged(check_dockerfile, check_dockerfile(one))
    assert judgement.outcome is Outcome.FAILED
    assert ".dockerignore" in judgement.reason


def test_a_dockerfile_that_has_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="has gone"):
        check_dockerfile(gate(tmp_path, {"webapp/app.py": ""}))


def test_without_source_and_dockerfile_the_checks_say_why_they_do_not_apply(
    tmp_path: Path,
) -> None:
    bare = gate(tmp_path, {}, "")
    assert applies(check_lint, bare) == "the gate names no candidate.source"
    assert applies(check_pins, bare) == "the gate names no candidate.source"
    assert "no candidate.build" in applies(check_dockerfile, bare)
    (tmp_path / "webapp").mkdir()
    assert applies(check_dockerfile, gate(tmp_path, {})) == "there is no Dockerfile for webapp"
