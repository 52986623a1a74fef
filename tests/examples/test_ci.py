"""The CI templates push nothing that did not pass, and keep the keys from strangers."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli import parser
from harness.report import known_formats

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "ci"
GITHUB = yaml.safe_load((FOLDER / "github.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((FOLDER / "gitlab.yml").read_text(encoding="utf-8"))
WRITTEN = {"report.json", *(each.file for each in known_formats())}


def steps() -> list[dict[str, Any]]:
    """The steps of GitHub's job."""
    return list(GITHUB["jobs"]["gate"]["steps"])


def commands(text: str) -> list[list[str]]:
    """The words of each `gate ...` line."""
    lines = [line.strip() for line in text.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("gate ")]


def scripts() -> dict[str, str]:
    """All that runs, by system."""
    return {
        "github": "\n".join(step.get("run", "") for step in steps()),
        "gitlab": "\n".join(GITLAB["release"]["script"]),
    }


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_the_gate_runs_then_the_push_then_the_ledger_is_told(system: str) -> None:
    found = commands(scripts()[system])
    assert [words[1] for words in found] == ["run", "push", "publish"]
    run, push, publish = (parser().parse_args(words[1:]) for words in found)
    assert run.image == push.image
    assert run.policy == push.policy == "prd"
    assert run.report == push.report == "report"
    assert publish.report == "report/bound.report.json"
    assert push.key and publish.to


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_no_verdict_is_swallowed(system: str) -> None:
    assert "||" not in scripts()[system]
    assert "allow_failure" not in GITLAB["release"]
    assert not [step for step in steps() if step.get("continue-on-error")]
    (gate,) = (step for step in steps() if step.get("run", "").startswith("gate run"))
    assert "if" not in gate


def test_github_shows_the_report_whatever_the_verdict_and_pushes_only_after_a_pass() -> None:
    (show,) = (step for step in steps() if "GITHUB_STEP_SUMMARY" in step.get("run", ""))
    assert show["if"] == "${{ !cancelled() }}"
    (push,) = (step for step in steps() if "gate push" in step.get("run", ""))
    assert push["if"] == "github.event_name == 'push'"


def test_github_gives_secrets_to_the_push_alone() -> None:
    for step in steps():
        holds = "secrets." in yaml.safe_dump(step)
        assert holds == ("gate push" in step.get("run", ""))
    assert GITHUB["permissions"] == {"contents": "read"}


def test_no_text_of_an_event_is_pasted_into_a_script() -> None:
    assert not [step for step in steps() if "${{" in step.get("run", "")]


def test_every_file_that_is_shown_is_one_that_is_written() -> None:
    text = "\n".join((FOLDER / name).read_text("utf-8") for name in ("github.yml", "gitlab.yml"))
    shown = set(re.findall(r"\breport/([\w.-]+)", text)) - {"bound.report.json"}
    assert shown and shown <= WRITTEN


def test_gitlab_keeps_the_report_of_a_closed_gate_and_reads_three_forms_of_it() -> None:
    artifacts = GITLAB["release"]["artifacts"]
    assert artifacts["when"] == "always"
    assert set(artifacts["reports"]) == {"junit", "codequality", "metrics"}


def test_gitlab_pushes_from_the_protected_default_branch_only() -> None:
    (guarded,) = (text for text in GITLAB["release"]["script"] if "gate push" in text)
    assert '"$CI_COMMIT_REF_PROTECTED" = "true"' in guarded
    assert '"$CI_COMMIT_BRANCH" = "$CI_DEFAULT_BRANCH"' in guarded
