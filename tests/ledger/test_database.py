"""A database that fails says so, keeps nothing by halves, and works again when it is back."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from harness.ledger import Ledger, LedgerError, open_ledger

CONFIG = "sha256:" + "c" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MakeReport = Callable[..., bytes]
ADD_UNTIL_KILLED = """
import datetime as dt, sys
from harness.ledger import open_ledger
ledger = open_ledger(sys.argv[1])
now = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
body = sys.stdin.buffer.read()
for number in range(1, 100_000):
    made = body.replace(b"digits:1", b"digits:%d" % number)
    print(ledger.add(made, publisher="ci", now=now)[0].id, flush=True)
"""


def test_what_fails_half_way_leaves_nothing(ledger: Ledger, a_report: MakeReport) -> None:
    with pytest.raises(RuntimeError), ledger.writing() as connection:
        connection.execute(text("DELETE FROM tokens"))
        raise RuntimeError
    with pytest.raises(LedgerError), ledger.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO announcements (digest, policy, name, done, total, publisher, since, "
                "until) VALUES ('x', 'prd', 'x', 0, 1, 'x', 0, 9000000000000000)"
            )
        )
        connection.execute(text("INSERT INTO nowhere VALUES (1)"))
    with ledger.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM announcements")).scalar() == 0


def test_a_write_of_anybody_changes_the_number(sqlite_ledger: Ledger, a_report: MakeReport) -> None:
    other = open_ledger(sqlite_ledger.name)
    seen = [sqlite_ledger.changes()]
    for writer, latency in ((sqlite_ledger, 1.5), (other, 2.5), (sqlite_ledger, 3.5)):
        writer.add(a_report(latency=latency), publisher="ci", now=NOON)
        seen.append(sqlite_ledger.changes())
        assert sqlite_ledger.changes() == seen[-1]
    other.close()
    assert len(set(seen)) == 4


def test_postgresql_has_no_cheap_number(postgres_ledger: Ledger) -> None:
    assert postgres_ledger.changes() is None


def test_a_full_disk_is_told_and_nothing_is_half_there(
    sqlite_ledger: Ledger, a_report: MakeReport
) -> None:
    first, _ = sqlite_ledger.add(a_report(), publisher="ci", now=NOON)
    with sqlite_ledger.reading() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))  # the connection is reused
    with pytest.raises(LedgerError, match="full; free some space"):
        for number in range(1_000):
            sqlite_ledger.add(a_report(latency=50.0 + number / 7), publisher="ci", now=NOON)
    stored = sqlite_ledger.entries(limit=1_000).entries
    assert first in stored
    assert all(sqlite_ledger.body(entry.id) for entry in stored)


def test_a_ledger_whose_file_was_removed_does_not_write_into_nothing(
    sqlite_ledger: Ledger, a_report: MakeReport
) -> None:
    entry, _ = sqlite_ledger.add(a_report(), publisher="ci", now=NOON)
    path = Path(sqlite_ledger.name)
    away = shutil.copytree(path.parent, path.parent / "away")
    for each in path.parent.glob("ledger.sqlite*"):
        each.unlink()
    with pytest.raises(LedgerError, match="the ledger's file is gone"):
        sqlite_ledger.add(a_report(latency=1.5), publisher="ci", now=NOON)
    assert not path.exists()
    with pytest.raises(LedgerError, match="the ledger's file is gone"):
        sqlite_ledger.latest(CONFIG, "prd")
    for each in away.iterdir():
        shutil.copy(each, path.parent)
    sqlite_ledger.add(a_report(latency=1.5), publisher="ci", now=NOON)
    assert len(sqlite_ledger.entries().entries) == 2
    assert sqlite_ledger.entry(entry.id) == entry


def test_a_file_in_the_place_of_another_is_seen_at_once(
    sqlite_ledger: Ledger, empty_file: Path, a_report: MakeReport
) -> None:
    sqlite_ledger.add(a_report(), publisher="ci", now=NOON)
    seen = sqlite_ledger.changes()
    path = Path(sqlite_ledger.name)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    Path(shutil.copy(empty_file, path.with_name("restored"))).replace(path)
    assert sqlite_ledger.changes() != seen
    assert sqlite_ledger.latest(CONFIG, "prd") is None


def test_a_server_that_cut_the_connections_costs_no_error(
    postgres: str, ledger: Ledger, a_report: MakeReport
) -> None:
    ledger.add(a_report(), publisher="ci", now=NOON)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'ledger_%' "
            "AND pid != pg_backend_pid()"
        )
    assert ledger.latest(CONFIG, "prd") is not None
    assert len(ledger.entries().entries) == 1
    ledger.add(a_report(latency=1.5), publisher="ci", now=NOON)


def test_a_database_that_is_away_is_told_and_works_when_it_is_back(
    postgres: str, postgres_url: str, a_report: MakeReport
) -> None:
    ledger = open_ledger(postgres_url)
    ledger.add(a_report(), publisher="ci", now=NOON)
    name = postgres_url.rpartition("/")[2]
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        connection.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        for _ in range(2):
            with pytest.raises(LedgerError, match="not currently accepting connections"):
                ledger.entries()
            with pytest.raises(LedgerError, match="not currently accepting connections"):
                ledger.latest(CONFIG, "prd")
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    assert len(ledger.entries().entries) == 1
    ledger.close()


def test_a_server_whose_machine_vanished_is_given_up_in_seconds(postgres_url: str) -> None:
    ledger = open_ledger(f"{postgres_url}?keepalives_idle=7")
    with ledger.reading() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        given = driver.info.get_parameters()
    ledger.close()
    assert (given["tcp_user_timeout"], given["connect_timeout"]) == ("20000", "5")
    assert (given["keepalives_idle"], given["keepalives_count"]) == ("7", "2")  # the URL's own wins


def test_what_was_acknowledged_survives_a_killed_writer(
    tmp_path: Path, a_report: MakeReport
) -> None:
    path = tmp_path / "ledger.sqlite"
    acknowledged: list[str] = []
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", ADD_UNTIL_KILLED, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdin is not None and writer.stdout is not None
        with writer, writer.stdin, writer.stdout:
            writer.stdin.write(a_report().decode())
            writer.stdin.close()
            acknowledged += [writer.stdout.readline().strip() for _ in range(20)]
            os.kill(writer.pid, signal.SIGKILL)
            acknowledged += writer.stdout.read().split()
    ledger = open_ledger(str(path), create=False)
    stored = ledger.entries(limit=1_000).entries
    assert {key for key in acknowledged if len(key) == 64} <= {entry.id for entry in stored}
    assert all(ledger.body(entry.id) for entry in stored)
    ledger.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
