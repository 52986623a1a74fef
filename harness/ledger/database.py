"""One database, SQLite or PostgreSQL: connections, transactions, and errors as sentences."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from harness.errors import ConfigError, GateError
from harness.ledger.errors import LedgerError
from harness.ledger.lookup import Lookup
from harness.ledger.migrating import VERSIONS, migrate, version_of

_BUSY = 30.0  # seconds that a writer waits for another one
_EXPECTED = "expected a path, sqlite:///path or postgresql://user@host/name"


class Database:
    """Connections to one database, for any number of threads."""

    def __init__(self, engine: Engine, name: str, path: Path | None) -> None:
        self.name = name  # for messages: without a password
        self._engine = engine
        self._path = path  # SQLite's file
        self._file = _identity(path) if path else None
        # SQLite lets writers wait by sleeping, and forgets who came first; a lock is fair.
        self._turn = threading.Lock() if path else contextlib.nullcontext()
        self._files = 0  # how often the file was another one than before
        self._watch: sqlite3.Connection | None = None
        self._watching = threading.Lock()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read from. Raises LedgerError where the database fails."""
        with self._told():
            self._check_file()
            with self._engine.connect() as connection:
                yield connection

    def look_up(self, lookup: Lookup, **given: Any) -> list[list[Any]]:
        """Put a compiled question to the driver. Raises LedgerError where the database fails."""
        with self._told():
            self._check_file()
            try:
                with contextlib.closing(self._engine.raw_connection()) as connection:
                    return lookup.ask(connection, **given)
            except self._engine.dialect.loaded_dbapi.Error as problem:
                raise self._failed(problem) from None

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it is kept, or nothing. Raises LedgerError."""
        with self._told(), self._turn:
            self._check_file()
            with self._engine.connect().execution_options(writes=True) as connection:
                with connection.begin():
                    yield connection

    def changes(self) -> int | None:
        """A number that is another one after anybody wrote, within microseconds.

        None on PostgreSQL, where that would be a question to the server. Raises LedgerError.
        """
        if self._path is None:
            return None
        self._check_file()
        try:
            with self._watching:  # its own connection, which never writes: it sees all others
                if self._watch is None:
                    self._watch = _connect_file(self._path)
                seen = int(self._watch.execute("PRAGMA data_version").fetchone()[0])
                return (self._files << 32) + seen
        except sqlite3.Error as problem:
            raise self._failed(problem) from None

    def close(self) -> None:
        """Close every connection."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self._engine.dispose()

    def prepare(self, *, create: bool) -> None:
        """Make or renew the tables where that is needed. Raises LedgerError."""
        with self._told():
            with self._engine.connect() as connection:
                version = version_of(connection)
            if version == VERSIONS[-1]:
                return
            if version is None and not create:
                raise LedgerError(f"{self.name}: no ledger there, the database is empty")
            with self.writing() as connection:
                migrate(connection)

    def _check_file(self) -> None:
        """A file that was removed or replaced is not the ledger any more, though it stays open."""
        if self._path is None or (found := _identity(self._path)) == self._file:
            return
        self.close()
        self._file = found
        self._files += 1

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as problem:
            raise self._failed(problem.orig) from None
        except SQLAlchemyError as problem:
            raise self._failed(problem) from None

    def _failed(self, problem: BaseException | None) -> LedgerError:
        line = " ".join(str(problem).split())[:300]
        return LedgerError(f"{self.name}: {line}", _hint(line))


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may say what happens where the row is there; both databases read the same."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def connect(url: str, *, create: bool) -> tuple[Engine, str, Path | None]:
    """Engine, name for messages and, for SQLite, the file of a ledger's URL or path.

    Raises ConfigError for what is no such URL, LedgerError where there is no such file.
    """
    path = url.removeprefix("sqlite:///")
    if path and "://" not in path:
        return _file(Path(path), create)
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError(f"ledger {url[:60]!r} is no URL: {_EXPECTED}") from None
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return _server(parsed)
    raise ConfigError(f"ledger {parsed.render_as_string()!r}: {_EXPECTED}")


def _file(path: Path, create: bool) -> tuple[Engine, str, Path]:
    path = path.expanduser().absolute()
    if not create and not path.is_file():
        raise LedgerError(f"{path}: no such ledger", "`gate serve` and `gate publish` make one")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as problem:
        raise LedgerError(f"{path}: cannot be written: {problem.strerror}") from None
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect_file(path),
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=56,
    )
    event.listen(engine, "begin", _begin)
    return engine, str(path), path


def _connect_file(path: Path) -> sqlite3.Connection:
    """A connection to a file that is there: one that is gone must not come back empty."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=_BUSY,
        isolation_level=None,  # we begin our transactions ourselves
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")  # readers and the writer do not wait
        connection.execute("PRAGMA synchronous = FULL")  # what is acknowledged survives the power
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _begin(connection: Connection) -> None:
    """A writer takes its place at once: one that reads first could not write any more."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _server(url: URL) -> tuple[Engine, str, None]:
    given: dict[str, Any] = {
        "connect_timeout": 5,
        "options": "-c statement_timeout=30000",
        # A machine that vanished says nothing: for a quarter of an hour nobody would notice.
        "tcp_user_timeout": 20_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
    }
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={key: value for key, value in given.items() if key not in url.query},
            pool_pre_ping=True,  # a server that went away and came back costs nobody an error
            pool_size=8,
            max_overflow=24,
            pool_timeout=10,
        )
    except ImportError as missing:
        raise GateError(
            f"PostgreSQL's client cannot be loaded: {missing}: pip install 'releasegate[server]'"
        ) from None
    return engine, url.render_as_string(), None


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError as problem:
        raise LedgerError(
            f"{path}: the ledger's file is gone: {problem.strerror}", "put it back"
        ) from None
    return found.st_dev, found.st_ino


def _hint(line: str) -> str:
    if "full" in line or "No space left" in line:
        return "free some space; nothing was half written"
    if "locked" in line:
        return f"somebody else has been writing for {_BUSY:.0f} s"
    if "connect" in line or "terminat" in line or "closed" in line:
        return "is the database running? The next call tries again"
    return ""
