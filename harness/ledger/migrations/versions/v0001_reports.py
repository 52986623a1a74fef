"""The first form of the ledger: reports, what runs, tokens, and who holds which environment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TEXT

revision = "0001"
down_revision = None

_TEXT = sa.String().with_variant(TEXT(collation="C"), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_BYTES = sa.LargeBinary()
_TIME = sa.BigInteger()


def upgrade() -> None:
    """From an empty database."""
    _reports()
    _contents()
    _heads()
    _announcements()
    _tokens()
    _holdings()


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", _BYTES, nullable=False, unique=True),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("reference", _TEXT, nullable=False),
        sa.Column("config_digest", _BYTES),
        sa.Column("manifest_digest", _BYTES),
        sa.Column("policy", _TEXT, nullable=False),
        sa.Column("policy_digest", _BYTES, nullable=False),
        sa.Column("verdict", _TEXT, nullable=False),
        sa.Column("rank", sa.SmallInteger, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=False),
        sa.Column("stored_at", _TIME, nullable=False),
        sa.Column("expires_on", sa.Date),
        sa.Column("publisher", _TEXT, nullable=False),
        sa.Column("signed_by", _TEXT, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
    )
    for name, columns in {
        "config": ["config_digest", "policy", "finished_at"],
        "manifest": ["manifest_digest", "policy", "finished_at"],
        "name": ["name", "policy", "finished_at"],
        "policy": ["policy", "finished_at"],
        "verdict": ["verdict", "finished_at"],
        "time": ["finished_at"],
    }.items():
        op.create_index(f"reports_of_{name}", "reports", columns)


def _contents() -> None:
    of_report = sa.ForeignKey("reports.number", ondelete="CASCADE")
    op.create_table(
        "contents",
        sa.Column("number", _NUMBER, of_report, primary_key=True, autoincrement=False),
        sa.Column("answer", _BYTES, nullable=False),
        sa.Column("points", _BYTES, nullable=False),
        sa.Column("body", _BYTES, nullable=False),
    )


def _heads() -> None:
    of_report = sa.ForeignKey("reports.number", ondelete="CASCADE")
    op.create_table(
        "heads",
        sa.Column("name", _TEXT, primary_key=True),
        sa.Column("policy", _TEXT, primary_key=True),
        sa.Column("number", _NUMBER, of_report, nullable=False),
        sa.Column("finished_at", _TIME, nullable=False),
        sa.Column("rank", sa.SmallInteger, nullable=False),
        sa.Column("id", _BYTES, nullable=False),
    )
    op.create_index("heads_of_number", "heads", ["number"])


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("digest", _BYTES, primary_key=True),
        sa.Column("policy", _TEXT, primary_key=True),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("publisher", _TEXT, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("until", _TIME, nullable=False),
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", _TEXT, primary_key=True),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("scopes", _TEXT, nullable=False),
        sa.Column("secret", _BYTES, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("revoked_at", _TIME),
    )


def _holdings() -> None:
    op.create_table(
        "holdings",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("environment", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("digest", _BYTES, nullable=False),
        sa.Column("config_digest", _BYTES),
        sa.Column("manifest_digest", _BYTES),
        sa.Column("report", _BYTES, nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("until", _TIME),
    )
    now = sa.text("until IS NULL")
    columns = ["environment", "name"]
    op.create_index(
        "holdings_now", "holdings", columns, unique=True, sqlite_where=now, postgresql_where=now
    )
    op.create_index("holdings_of_report", "holdings", ["report"])
