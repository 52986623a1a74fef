"""Tokens: who may read, publish, announce, promote or administer; only hashes are stored."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable

from sqlalchemy import RowMapping, insert, select, update

from harness.ledger.database import Database
from harness.ledger.errors import Refused
from harness.ledger.intake import plain
from harness.ledger.records import Token
from harness.ledger.reports import utc_now
from harness.ledger.tables import tokens

SCOPES = ("read", "publish", "announce", "promote", "admin")
_SECRET = re.compile(r"rg_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")


class Tokens(Database):
    """Who may do what."""

    def create_token(
        self,
        name: str,
        scopes: Iterable[str],
        expires_at: dt.datetime | None = None,
        *,
        now: dt.datetime | None = None,
    ) -> tuple[Token, str]:
        """A new token and its secret, which is shown this once. Raises Refused."""
        wanted = set(scopes)
        unknown = sorted(wanted.difference(SCOPES))
        if unknown or not wanted:
            what = f"no scope {unknown[0]!r}" if unknown else "no scope"
            raise Refused(f"token: {what}", f"expected some of {', '.join(SCOPES)}")
        now = now or utc_now()
        if expires_at is not None and (expires_at.tzinfo is None or expires_at <= now):
            raise Refused(f"token: it would expire at {expires_at}, which is not in the future")
        key = secrets.token_hex(8)
        random = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii").rstrip("=")
        secret = f"rg_{key}_{random}"
        ordered = tuple(scope for scope in SCOPES if scope in wanted)
        made = Token(key, plain(name, "token"), ordered, now, expires_at, None)
        row = {
            "id": key,
            "name": made.name,
            "scopes": " ".join(ordered),
            "secret": _hash(secret),
            "created_at": now,
            "expires_at": expires_at,
        }
        with self.writing() as connection:
            connection.execute(insert(tokens).values(row))
        return made, secret

    def find_token(self, secret: str, *, now: dt.datetime | None = None) -> Token | None:
        """The token with this secret; None where there is none, or where it does not hold now."""
        match = _SECRET.fullmatch(secret)
        if match is None:
            return None
        with self.reading() as connection:
            row = (
                connection.execute(select(tokens).where(tokens.c.id == match[1])).mappings().first()
            )
        stored = "" if row is None else row["secret"]
        if not hmac.compare_digest(_hash(secret), stored) or row is None:
            return None
        token = _token(row)
        expired = token.expires_at is not None and token.expires_at <= (now or utc_now())
        return None if expired or token.revoked_at is not None else token

    def revoke_token(self, key: str, *, now: dt.datetime | None = None) -> Token:
        """From now on nobody may use it; it stays in the list. Raises Refused for no such id."""
        valid = tokens.c.id == key, tokens.c.revoked_at.is_(None)
        with self.writing() as connection:
            connection.execute(update(tokens).where(*valid).values(revoked_at=now or utc_now()))
            row = connection.execute(select(tokens).where(tokens.c.id == key)).mappings().first()
        if row is None:
            raise Refused(f"token: there is none with the id {key[:40]!r}", "`gate token list`")
        return _token(row)

    def tokens(self) -> tuple[Token, ...]:
        """Every token that was ever made, the oldest first."""
        with self.reading() as connection:
            found = connection.execute(select(tokens).order_by(tokens.c.created_at, tokens.c.id))
            return tuple(_token(row) for row in found.mappings())


def _token(row: RowMapping) -> Token:
    return Token(
        row["id"],
        row["name"],
        tuple(row["scopes"].split()),
        row["created_at"],
        row["expires_at"],
        row["revoked_at"],
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
