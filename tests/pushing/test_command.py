"""The command line of `gate push`: what is wrong is said before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import main
from harness.model import Outcome

IMAGE = "sha256:" + "1" * 64
Reporting = Callable[..., Path]


@pytest.fixture(autouse=True)
def nothing_to_push_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine answers, so that whoever asks one is found out."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")


@pytest.mark.parametrize(
    ("target", "more", "said"),
    [
        ("127.0.0.1:9/fraud", [], "has no tag"),
        ("127.0.0.1:9/fraud:1", ["--max-age", "soon"], "--max-age"),
        ("127.0.0.1:9/fraud:1", ["--key", "nowhere.pem"], "nowhere.pem"),
        ("127.0.0.1:9/fraud:1", ["--key", ""], "the key cannot be read"),  # not: push unsigned
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(
    target: str,
    more: list[str],
    said: str,
    report_of: Reporting,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["push", "fraud:1", target, "--report", str(report_of(IMAGE)), *more])
    assert code == 2
    assert said in capsys.readouterr().err


def test_a_report_that_is_not_there_is_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["push", "fraud:1", "127.0.0.1:9/fraud:1", "--report", str(tmp_path)]) == 2
    assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("outcome", "code"), [(Outcome.FAILED, 1), (Outcome.ERRORED, 3), (Outcome.INCONCLUSIVE, 4)]
)
def test_a_verdict_that_is_no_pass_is_the_exit_code_and_no_engine_is_asked(
    outcome: Outcome, code: int, report_of: Reporting, capsys: pytest.CaptureFixture[str]
) -> None:
    report = report_of(IMAGE, outcome)
    assert main(["push", "fraud:1", "127.0.0.1:9/fraud:1", "--report", str(report)]) == code
    assert "the verdict is" in capsys.readouterr().err


def test_the_age_and_the_policy_are_the_users_to_choose(
    report_of: Reporting, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["push", "fraud:1", "127.0.0.1:9/fraud:1", "--report", str(report_of(IMAGE))]
    assert main([*given, "--max-age", "30 min"]) == 1
    assert main([*given, "--policy", "stg"]) == 1
    said = capsys.readouterr().err
    assert "run the gate again" in said and "expected 'stg'" in said
    assert main([*given, "--policy", "prd"]) == 3  # it comes as far as the engine, which is away
