"""The ledger: where reports are kept, and looked up by digest, name, policy and time."""

from importlib.util import find_spec

from harness.errors import GateError

if find_spec("alembic") is None or find_spec("sqlalchemy") is None:  # slow to import, so not yet
    raise GateError("the ledger needs more than a gate: pip install 'releasegate[server]'")

from harness.ledger.errors import LedgerError, Refused
from harness.ledger.opening import Ledger, open_ledger
from harness.ledger.records import Entry, Held, Listed, Page, Point, Running, Sample, Token
from harness.ledger.tokens import SCOPES

__all__ = [
    "SCOPES",
    "Entry",
    "Held",
    "Ledger",
    "LedgerError",
    "Listed",
    "Page",
    "Point",
    "Refused",
    "Running",
    "Sample",
    "Token",
    "open_ledger",
]
