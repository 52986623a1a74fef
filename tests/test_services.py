"""The commands around a service find their ledger where the user said it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.cli import main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with settings, whose ledger is `settings.sqlite`."""
    (tmp_path / "server.toml").write_text('ledger = "settings.sqlite"', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELEASEGATE_LEDGER", raising=False)
    return tmp_path


def ledgers(folder: Path) -> list[str]:
    """The ledgers that are there."""
    return sorted(path.name for path in folder.glob("*.sqlite"))


def test_the_ledger_is_the_one_of_the_settings(here: Path) -> None:
    assert main(["token", "list"]) == 0
    assert ledgers(here) == ["settings.sqlite"]


def test_the_environment_comes_before_the_settings(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEASEGATE_LEDGER", "environment.sqlite")
    assert main(["token", "list"]) == 0
    assert ledgers(here) == ["environment.sqlite"]


def test_the_command_line_comes_before_both(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASEGATE_LEDGER", "environment.sqlite")
    assert main(["token", "list", "--ledger", "words.sqlite"]) == 0
    assert ledgers(here) == ["words.sqlite"]


def test_a_ledger_is_looked_after_where_the_service_keeps_it(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "copy.jsonl").write_text('{"kind":"ledger","version":1}\n', encoding="utf-8")
    assert main(["ledger", "import", "copy.jsonl"]) == 0
    assert ledgers(here) == ["settings.sqlite"]
    monkeypatch.setenv("RELEASEGATE_LEDGER", "environment.sqlite")
    assert main(["ledger", "import", "copy.jsonl"]) == 0
    assert ledgers(here) == ["environment.sqlite", "settings.sqlite"]


def test_the_ledger_of_settings_elsewhere_lies_beside_them(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    monkeypatch.setattr("harness.server.serving.serve", lambda found: served.append(found.ledger))
    (here / "elsewhere").mkdir()
    (here / "server.toml").rename(here / "elsewhere" / "server.toml")
    assert main(["serve", "elsewhere/server.toml"]) == 0
    assert served == [str(here / "elsewhere" / "settings.sqlite")]


def test_a_service_without_its_extra_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "harness.server.serving", raising=False)
    assert main(["serve"]) == 3
    assert "needs uvicorn, which is not installed" in capsys.readouterr().err


def test_settings_that_cannot_be_read_are_wrong_usage(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "server.toml").write_text("portt = 1", encoding="utf-8")
    assert main(["serve"]) == 2
    assert "portt: unknown key; did you mean 'port'?" in capsys.readouterr().err
    assert main(["serve", "--port", "70000"]) == 2
