"""The ledger: where reports are kept, and looked up by digest, name, policy and time."""

from harness.errors import GateError

try:
    import alembic  # noqa: F401
    import sqlalchemy  # noqa: F401
except ModuleNotFoundError as missing:
    raise GateError(
        f"the ledger needs {missing.name}, which is missing: pip install 'releasegate[server]'"
    ) from None

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
