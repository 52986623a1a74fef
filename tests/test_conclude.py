"""The end of a run: a report that says what ran, where, and under which policy."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.conclude import conclude, environment, now, shown
from harness.config import Gate, load
from harness.model import CheckResult, Outcome

PASSED = CheckResult("contract.response", 1, "title", Outcome.PASSED)
FACTS = {"candidate": None, "runtime": "", "logs": "hello"}


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate that requires one family."""
    path = tmp_path / "gate.toml"
    path.write_text(
        'version = 1\ncandidate = { name = "fake", command = ["python", "app.py"] }\n'
        'contract = { path = "/p" }\npolicy = { required = ["contract"] }\n',
        encoding="utf-8",
    )
    return load(path)


def test_the_report_is_written_and_its_verdict_is_the_exit_code(gate: Gate, tmp_path: Path) -> None:
    report, files, code = conclude(gate, [PASSED], FACTS, now(), tmp_path / "out")
    written = json.loads(files["json"].read_text(encoding="utf-8"))
    assert (report.verdict, code, written["verdict"]) == ("pass", 0, "pass")


def test_a_candidate_that_could_not_be_resolved_is_named_as_the_file_names_it(
    gate: Gate, tmp_path: Path
) -> None:
    report, _, _ = conclude(gate, [], FACTS, now(), tmp_path / "out")
    assert report.subject.reference == "python app.py" and report.verdict == "error"


def test_the_environment_names_runtime_processors_and_versions() -> None:
    found = environment("docker")
    assert (found["runtime"], found["cpus"]) == ("docker", os.cpu_count())
    assert found["version.pytest"] == pytest.__version__


def test_a_path_below_this_folder_is_shown_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a" / "gate.toml") == "a/gate.toml"
    assert shown(Path("/elsewhere/gate.toml")) == "/elsewhere/gate.toml"
