"""`gate token`: who may use a service. The secret is printed once, and kept nowhere."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence

from harness.errors import ConfigError
from harness.ledger import SCOPES, Ledger, Token
from harness.report.escape import printable
from harness.units import in_base


def create(ledger: Ledger, name: str, scopes: Sequence[str], expires: str | None) -> None:
    """Make a token: its secret alone on stdout, all else on stderr.

    `expires` is a duration from now, like `90d`. Raises ConfigError, and Refused.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise ConfigError(f"--scope {unknown[0]}: expected one of {', '.join(SCOPES)}")
    token, secret = ledger.create_token(name, scopes, _moment(expires))
    print(f"token {token.id} {_what(token)}; its secret is shown this once:", file=sys.stderr)
    print(secret)


def revoke(ledger: Ledger, key: str) -> None:
    """From now on nobody may use it. Raises Refused where there is none."""
    token = ledger.revoke_token(key)
    print(f"token {token.id} {_what(token)}")


def show(ledger: Ledger) -> None:
    """Every token, one line each."""
    for token in ledger.tokens():
        print(f"{token.id}  {_what(token)}")


def _what(token: Token) -> str:
    parts = [printable(token.name), ",".join(token.scopes)]
    if token.expires_at is not None:
        parts.append(f"until {token.expires_at:%Y-%m-%d %H:%M} UTC")
    if token.revoked_at is not None:
        parts.append(f"revoked {token.revoked_at:%Y-%m-%d %H:%M} UTC")
    return "  ".join(parts)


def _moment(expires: str | None) -> dt.datetime | None:
    if expires is None:
        return None
    try:
        ahead = dt.timedelta(seconds=in_base(expires, "time"))
        return dt.datetime.now(dt.UTC) + ahead
    except (ValueError, OverflowError) as problem:
        raise ConfigError(f"--expires {expires}: {problem}, expected one like 90d") from None
