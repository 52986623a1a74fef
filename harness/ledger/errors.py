"""What a ledger says when it cannot, or will not."""

from __future__ import annotations

from harness.errors import GateError


class LedgerError(GateError):
    """The ledger cannot be opened, reached or written: `what`, and a `hint` where there is one."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what}; {hint}" if hint else what)
        self.what = what
        self.hint = hint


class Refused(LedgerError):
    """The ledger works, and will not do what was asked: it is against a rule."""
