"""Where a ledger is, and what is said where there is none."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import ConfigError, GateError
from harness.ledger import LedgerError, open_ledger

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


def test_what_was_stored_is_there_when_it_is_opened_again(
    url: str, a_report: Callable[..., bytes]
) -> None:
    first = open_ledger(url)
    entry, _ = first.add(a_report(), publisher="ci", now=NOON)
    first.close()
    again = open_ledger(url, create=False)
    assert again.entry(entry.id) == entry
    again.close()


def test_a_path_is_a_ledger_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a folder? 100%" / "ledger#1.sqlite"
    open_ledger(str(path)).close()
    open_ledger(f"sqlite:///{path}", create=False).close()
    assert path.is_file()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_ledger_that_is_not_there_is_not_made_unasked(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with pytest.raises(LedgerError, match="no such ledger"):
        open_ledger(str(path), create=False)
    assert not path.exists()


def test_an_empty_database_is_no_ledger_unasked(postgres_url: str) -> None:
    with pytest.raises(LedgerError, match="the database is empty"):
        open_ledger(postgres_url, create=False)


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text('{"schema_version": "1.0"}' * 100)
    with pytest.raises(LedgerError, match="not a database"):
        open_ledger(str(path))
    assert path.read_text().startswith('{"schema_version"')


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        open_ledger(str(tmp_path))


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "mysql://localhost/x", "http://x/y", "postgresql+asyncpg://x/y", "://"]
)
def test_what_is_no_url_of_a_ledger_is_wrong_usage(url: str) -> None:
    with pytest.raises(ConfigError, match="expected a path, sqlite:///path or postgresql://"):
        open_ledger(url)


def test_a_password_is_in_no_message() -> None:
    with pytest.raises(LedgerError) as problem:
        open_ledger("postgresql://gate:geheim@127.0.0.1:1/x")
    assert "geheim" not in str(problem.value)
    assert "is the database running?" in problem.value.hint


def test_without_its_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(GateError, match=r"pip install 'releasegate\[server\]'"):
        open_ledger("postgresql://gate@127.0.0.1:1/x")
