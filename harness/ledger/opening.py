"""A ledger: everything that can be asked of one database, and how it is opened."""

from __future__ import annotations

from harness.ledger.database import connect
from harness.ledger.listing import Listing
from harness.ledger.moving import Moving
from harness.ledger.pruning import Pruning
from harness.ledger.running import Announcements
from harness.ledger.tokens import Tokens


class Ledger(Moving, Pruning, Listing, Announcements, Tokens):
    """Reports, what runs, tokens and environments, in one database; safe to use from threads."""


def open_ledger(url: str, *, create: bool = True) -> Ledger:
    """Open a ledger: a path, `sqlite:///path`, or `postgresql://user@host/name`.

    An empty or older database is brought up to date; one that is newer is refused. Raises
    ConfigError for what is no such URL; LedgerError where it cannot be opened, or is not there
    and `create` is False.
    """
    ledger = Ledger(*connect(url, create=create))
    try:
        ledger.prepare(create=create)
    except BaseException:
        ledger.close()
        raise
    return ledger
