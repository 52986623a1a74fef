"""The tables of a ledger, the same on SQLite and PostgreSQL; `migrations` makes them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.types import TypeDecorator

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_ALGORITHM = "sha256:"


class Moment(TypeDecorator[dt.datetime]):
    """An aware datetime as microseconds since 1970: sorts, and is the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> int | None:
        """Into the database."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> dt.datetime | None:
        """Out of the database, in UTC."""
        return None if value is None else _EPOCH + dt.timedelta(microseconds=value)


class Hex(TypeDecorator[str]):
    """Hexadecimal text as bytes: half the room in every index."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Into the database."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Out of the database."""
        return None if value is None else value.hex()


class Digest(TypeDecorator[str]):
    """`sha256:...` as its 32 bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Into the database."""
        return None if value is None else bytes.fromhex(value.removeprefix(_ALGORITHM))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Out of the database."""
        return None if value is None else _ALGORITHM + value.hex()


# PostgreSQL would sort text by the language of its server; a cursor needs one order everywhere.
_Text = String().with_variant(TEXT(collation="C"), "postgresql")
_Number = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

reports = Table(
    "reports",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("id", Hex, nullable=False, unique=True),
    Column("name", _Text, nullable=False),
    Column("reference", _Text, nullable=False),
    Column("config_digest", Digest),
    Column("manifest_digest", Digest),
    Column("policy", _Text, nullable=False),
    Column("policy_digest", Digest, nullable=False),
    Column("verdict", _Text, nullable=False),
    Column("rank", SmallInteger, nullable=False),  # how bad the verdict is: of equals, it speaks
    Column("reason", _Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=False),
    Column("stored_at", Moment, nullable=False),
    Column("expires_on", Date),
    Column("publisher", _Text, nullable=False),
    Column("signed_by", _Text, nullable=False),
    Column("size", Integer, nullable=False),
    Index("reports_of_config", "config_digest", "policy", "finished_at"),
    Index("reports_of_manifest", "manifest_digest", "policy", "finished_at"),
    Index("reports_of_name", "name", "policy", "finished_at"),
    Index("reports_of_policy", "policy", "finished_at"),
    Index("reports_of_verdict", "verdict", "finished_at"),
    Index("reports_of_time", "finished_at"),
)

# Beside the reports, not in them: what lists and searches them has little to read.
contents = Table(
    "contents",
    metadata,
    Column(
        "number",
        _Number,
        ForeignKey("reports.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("answer", LargeBinary, nullable=False),  # flat JSON
    Column("points", LargeBinary, nullable=False),  # JSON, compressed: see `intake`
    Column("body", LargeBinary, nullable=False),  # the exact bytes, compressed
)

# The newest report of each candidate under each policy: looked up, never searched for.
heads = Table(
    "heads",
    metadata,
    Column("name", _Text, primary_key=True),
    Column("policy", _Text, primary_key=True),
    Column("number", _Number, ForeignKey("reports.number", ondelete="CASCADE"), nullable=False),
    Column("finished_at", Moment, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("id", Hex, nullable=False),
    Index("heads_of_number", "number"),
)

announcements = Table(
    "announcements",
    metadata,
    Column("digest", Digest, primary_key=True),
    Column("policy", _Text, primary_key=True),
    Column("name", _Text, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("publisher", _Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("name", _Text, nullable=False),
    Column("scopes", _Text, nullable=False),  # separated by spaces
    Column("secret", Hex, nullable=False),  # SHA-256 of the secret: 32 random bytes need no salt
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
)

holdings = Table(
    "holdings",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("environment", _Text, nullable=False),
    Column("name", _Text, nullable=False),
    Column("digest", Digest, nullable=False),
    Column("config_digest", Digest),
    Column("manifest_digest", Digest),
    Column("report", Hex, nullable=False),  # stays when the report itself is pruned
    Column("by", _Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Index(
        "holdings_now",
        "environment",
        "name",
        unique=True,
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    ),
    Index("holdings_of_report", "report"),
)
