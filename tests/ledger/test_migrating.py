"""A database becomes a ledger once, whoever opens it first; what is none stays as it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from harness.ledger import Ledger, LedgerError, migrating, open_ledger
from harness.ledger.tables import metadata


def test_the_migrations_make_the_tables_that_the_code_knows(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_the_versions_that_the_code_knows_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    listed = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(script.revision for script in listed)[::-1] == migrating.VERSIONS


def test_of_many_who_open_an_empty_database_one_makes_it(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(open_ledger, [url] * 4))
    for each in opened:
        assert each.entries().entries == ()
        each.close()


def test_a_newer_ledger_is_left_alone(url: str) -> None:
    opened = open_ledger(url)
    with opened.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    with pytest.raises(LedgerError, match="version 9999, newer than .*; upgrade Releasegate"):
        open_ledger(url)


def test_a_database_of_somebody_else_is_left_alone(url: str) -> None:
    opened = open_ledger(url)
    with opened.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE {table.name}"))
        connection.execute(text("ALTER TABLE alembic_version RENAME TO invoices"))
    opened.close()
    with pytest.raises(LedgerError, match="tables that are no ledger's: invoices"):
        open_ledger(url)


def test_a_migration_that_breaks_leaves_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text((Path(migrating._FOLDER) / "env.py").read_text())
    (tmp_path / "versions" / "v0001.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\nrevision = '0001'\ndown_revision = None\n"
        "def upgrade():\n"
        "    op.create_table('reports', sa.Column('number', sa.Integer))\n"
        "    op.execute('SELECT * FROM nowhere')\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr(migrating, "_FOLDER", tmp_path)
        with pytest.raises(LedgerError, match="nowhere"):
            open_ledger(url)
    opened = open_ledger(url)
    assert opened.entries().entries == ()
    opened.close()
