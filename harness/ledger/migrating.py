"""Bringing a database to the form that this version knows, once, whoever opens it first."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from harness.ledger.errors import LedgerError

VERSIONS = ("0001",)  # of `migrations/versions`, oldest first
_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x7265_6C65  # any number that nobody else takes


def version_of(connection: Connection) -> str | None:
    """The version of the tables in the database; None where it is empty.

    Raises LedgerError for a database that is newer than this code, or somebody else's.
    """
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if "alembic_version" not in names:
        raise LedgerError(
            f"the database holds tables that are no ledger's: {', '.join(sorted(names)[:3])}",
            "give the ledger a database, or a PostgreSQL schema, of its own",
        )
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is not None and version not in VERSIONS:
        raise LedgerError(
            f"the ledger has version {version}, newer than this Releasegate knows ({VERSIONS[-1]})",
            "upgrade Releasegate",
        )
    return version


def migrate(connection: Connection) -> None:
    """Bring the database of a write transaction up to date; nothing where it is already.

    Of several that open an empty ledger at once, one makes the tables and the others wait.
    """
    if connection.dialect.name == "postgresql":  # SQLite's write transaction is the lock
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if version_of(connection) == VERSIONS[-1]:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
