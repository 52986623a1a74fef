"""`gate ledger`: what it does, what it prints, and its exit codes."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import main
from harness.ledger import Ledger, open_ledger

CONFIG = "sha256:" + "c" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2024, 2, 29, 12, 0, tzinfo=dt.UTC)
MakeReport = Callable[..., bytes]


def gate(*arguments: str, at: Ledger) -> int:
    """The exit code of `gate ledger ...` on that ledger."""
    return main(["ledger", *arguments, "--ledger", at.name])


@pytest.fixture
def filled(sqlite_ledger: Ledger, a_report: MakeReport) -> Ledger:
    """Three passes of one digest, the first long ago."""
    for number in range(3):
        finished = LONG_AGO + dt.timedelta(seconds=number)
        sqlite_ledger.add(a_report(finished=finished), publisher="ci", now=NOON)
    return sqlite_ledger


def test_a_copy_comes_back_into_another_ledger(
    filled: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "copy.jsonl", tmp_path / "other.sqlite"
    assert gate("export", str(file), at=filled) == 0
    assert main(["ledger", "import", str(file), "--ledger", str(other)]) == 0
    assert capsys.readouterr().out == f"3 reports imported into {other}, 0 known before\n"
    copied = open_ledger(str(other))
    assert copied.entries().entries == filled.entries().entries
    copied.close()


def test_a_copy_goes_through_a_pipe(
    filled: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr("sys.stdout", out)
    assert gate("export", "-", at=filled) == 0
    monkeypatch.undo()
    out.seek(0)
    monkeypatch.setattr("sys.stdin", out)
    assert main(["ledger", "import", "-", "--ledger", str(tmp_path / "other.sqlite")]) == 0


def test_an_export_that_cannot_be_written_is_an_error(
    filled: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate("export", str(tmp_path / "none" / "copy"), at=filled) == 3
    assert "cannot be written: No such file" in capsys.readouterr().err


def test_an_import_of_what_is_not_there_is_wrong_usage(filled: Ledger, tmp_path: Path) -> None:
    assert gate("import", str(tmp_path / "none"), at=filled) == 2


def test_pruning_says_how_much_went(filled: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate("prune", "--keep-days", "90", "--keep-last", "1", at=filled) == 0
    assert capsys.readouterr().out == f"2 reports removed from {filled.name}\n"


def test_pruning_that_would_leave_nothing_is_wrong_usage(
    filled: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate("prune", "--keep-days", "0", at=filled) == 2
    assert "expected numbers of at least 1" in capsys.readouterr().err


def test_a_digest_is_promoted_and_shown(filled: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate("promote", CONFIG, "prd", "--by", "anna", "--max-age", "9999d", at=filled) == 0
    line = capsys.readouterr().out
    assert line.startswith(f"prd digits {CONFIG} since ") and " by anna report " in line
    for arguments in (["holders"], ["holders", "prd"]):
        assert gate(*arguments, at=filled) == 0
        assert capsys.readouterr().out == line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([CONFIG, "stg"], "no report under the policy 'stg'"),
        ([CONFIG, "prd"], "expired at 2024-03-30"),
        ([CONFIG, "prd", "--max-age", "40d"], "expired at 2024-04-09"),
        ([CONFIG, "prd", "--max-age", "9999d", "--order", "sit,prd"], "never held 'sit'"),
        ([CONFIG, "prd", "--max-age", "9999d", "--order", "sit, prd"], "never held 'sit'"),
        ([CONFIG, "prd", "--max-age", "9999d", "--order", ""], "no environment 'prd'"),
        (["latest", "prd"], "is no digest"),
    ],
)
def test_a_refusal_is_the_answer_no(
    filled: Ledger, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert gate("promote", *arguments, at=filled) == 1
    assert message in capsys.readouterr().err
    assert filled.holders() == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('max_age = "9999 d"\nenvironments = ["sit", "prd"]\n', "never held 'sit'"),
        (f'max_age = "9999 d"\n[policies.prd]\ndigests = ["{CONFIG}"]\n', "another text"),
        ('max_age = "9999 d"\n', ""),
    ],
)
def test_a_promotion_is_held_to_what_the_service_would_hold_it_to(
    filled: Ledger,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("server.toml").write_text(settings, encoding="utf-8")
    assert gate("promote", CONFIG, "prd", at=filled) == (1 if message else 0)
    assert message in capsys.readouterr().err


def test_who_has_no_name_here_is_asked_for_one(
    filled: Ledger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 1000710000")

    monkeypatch.setattr("getpass.getuser", unknown)
    assert gate("promote", CONFIG, "prd", at=filled) == 2
    assert "--by: the user here has no name" in capsys.readouterr().err
    assert gate("promote", CONFIG, "prd", "--by", "ci", "--max-age", "9999d", at=filled) == 0


def test_an_age_that_is_none_is_wrong_usage(filled: Ledger) -> None:
    assert gate("promote", CONFIG, "prd", "--max-age", "soon", at=filled) == 2


def test_without_a_ledger_there_is_nothing_to_ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "holders", "--ledger", str(tmp_path / "none.sqlite")]) == 3
    assert "no such ledger" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['sqlalchemy'] = None\nfrom harness.cli import main\n"
        "sys.exit(main(['ledger', 'holders']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 3
    assert "pip install 'releasegate[server]'" in done.stderr
