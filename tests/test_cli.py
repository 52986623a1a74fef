"""The command: arguments in, one report and an exit code out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main

GATE = """
version = 1
candidate = { name = "fake", url = "http://127.0.0.1:9" }
contract = { path = "/predict", examples = "examples.jsonl" }
[policy]
required = ["mine"]
[policies.strict]
extends = "policy"
limits = { "mine.size" = "<= 1" }
"""

CHECK = """
from harness import Measurement, check

@check(limits={"size": "<= 3"})
def check_size():
    '''Small enough.'''
    return Measurement("size", 2)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A gate and a check of one's own."""
    (tmp_path / "gate.toml").write_text(GATE, encoding="utf-8")
    (tmp_path / "check_mine.py").write_text(CHECK, encoding="utf-8")
    (tmp_path / "examples.jsonl").write_text('{"request": 1, "response": 2}', encoding="utf-8")
    return tmp_path


def gate(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "harness", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`gate run` with the check of one's own only."""
    return gate(
        folder, "run", "--checks", "check_mine.py", "--only", "mine", "--report", "out", *words
    )


def test_run_passes_and_says_where_the_page_is(folder: Path) -> None:
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert "mine.size" in done.stdout and "report.html" in done.stdout


def test_run_under_another_policy_fails_with_the_reason(folder: Path) -> None:
    done = run(folder, "--policy", "strict")
    assert done.returncode == 1 and "size = 2, must be <= 1" in done.stdout


def test_run_writes_every_format(folder: Path) -> None:
    run(folder)
    names = {path.name for path in (folder / "out").iterdir()}
    assert names >= {"report.json", "report.html", "report.md", "junit.xml"}


def test_output_that_is_no_terminal_has_no_escape_codes(folder: Path) -> None:
    assert "\x1b" not in run(folder).stdout


def test_a_folder_of_checks_is_added_like_a_file(folder: Path) -> None:
    (folder / "pack").mkdir()
    (folder / "check_mine.py").rename(folder / "pack" / "check_mine.py")
    done = gate(folder, "run", "--checks", "pack", "--only", "mine", "--report", "out")
    assert done.returncode == 0, done.stderr


def test_quiet_prints_no_line_for_a_check(folder: Path) -> None:
    assert "Small enough" not in run(folder, "--quiet").stdout


def test_options_for_pytest_in_the_environment_cannot_bend_a_gate(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")
    assert run(folder).returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "nowhere.toml"], "no such file"),
        (["run", "--policy", "prd"], "no policy 'prd'"),
        (["run", "--checks", "check_mine.py", "--only", "mien"], "no such family"),
        (["run", "--checks", "nowhere.py"], "no such file or folder"),
        (["show", "nowhere.json"], "nowhere.json"),
        (["judge", "nowhere.json"], "nowhere.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_told_on_stderr_and_exits_with_two(
    folder: Path, words: list[str], message: str
) -> None:
    done = gate(folder, *words)
    assert done.returncode == 2 and message in done.stderr
    assert not (folder / ".gate").exists()


def test_judge_judges_recorded_evidence_under_another_policy(folder: Path) -> None:
    run(folder)
    done = gate(folder, "judge", "out", "--policy", "strict", "--report", "again")
    again = json.loads((folder / "again" / "report.json").read_text(encoding="utf-8"))
    assert (done.returncode, again["verdict"], again["policy"]["name"]) == (1, "fail", "strict")


def test_show_exits_with_the_verdict_of_the_report(folder: Path) -> None:
    run(folder, "--policy", "strict")
    assert gate(folder, "show", "out").returncode == 1


def test_compare_exits_with_the_second_verdict(folder: Path) -> None:
    run(folder)
    gate(folder, "judge", "out", "--policy", "strict", "--report", "again")
    done = gate(folder, "compare", "out", "again/report.json")
    assert (done.returncode, "pass became fail" in done.stdout) == (1, True)


@pytest.mark.parametrize("document", ["gate", "report"])
def test_schema_prints_a_json_schema(capsys: pytest.CaptureFixture[str], document: str) -> None:
    assert main(["schema", document]) == 0
    assert json.loads(capsys.readouterr().out)["type"] == "object"


def test_clean_without_an_engine_removes_what_it_can_and_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "releasegate-4194304-x").mkdir()  # above every process number of Linux
    assert main(["clean"]) == 3
    assert "removed folder" in capsys.readouterr().out


def test_version_names_the_tool(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("releasegate ")


def test_no_command_is_wrong_usage_and_lists_the_commands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2 and "gate" in capsys.readouterr().err


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, harness.cli\nharness.cli.parser().format_help()\n"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_plugin_named_in_the_environment_is_not_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "nowhere")
    assert run(folder).returncode == 0


def test_a_run_whose_output_nobody_reads_keeps_its_exit_code(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", "--checks", "check_mine.py", "--only", "mine"],
        cwd=folder,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reason_that_the_terminal_cannot_show_ends_no_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    text = CHECK.replace('return Measurement("size", 2)', 'raise ValueError("größe")')
    (folder / "check_mine.py").write_text(text, encoding="utf-8")
    done = run(folder)
    assert "Traceback" not in done.stderr and "verdict: error" in done.stdout


def test_an_interrupt_while_checks_are_collected_is_no_wrong_usage(folder: Path) -> None:
    (folder / "check_mine.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    done = run(folder)
    assert done.returncode == 3 and "Traceback" not in done.stderr


def test_a_report_cannot_speak_to_the_terminal_or_the_ci_system_through_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    path.write_text('{"a\\u001b[31m\\n::error::forged": NaN}', encoding="utf-8")
    assert main(["show", str(path)]) == 2
    said = capsys.readouterr().err
    assert "NaN is not a number" in said
    assert "\x1b" not in said and "::error::" not in said
