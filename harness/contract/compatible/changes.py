"""A change between two contracts, and what it means for the clients of the older one.

The terms are those of schema evolution. What clients send may only be widened (their old requests
stay valid), what they receive may only be narrowed (their old readers understand it): parameters
are contravariant, results covariant (Liskov and Wing, 1994). The names of the rules and their
severities follow oasdiff (https://github.com/oasdiff/oasdiff), except where a prediction service
wants another word; docs/checks.md has the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.contract.text import shown
from harness.model import Finding, Severity


class Side(StrEnum):
    """Which half of an exchange a schema describes."""

    REQUEST = "request"
    RESPONSE = "response"


class Kind(StrEnum):
    """What happened to the set of values that a schema allows."""

    NARROWED = "narrowed"
    WIDENED = "widened"
    CHANGED = "changed"  # neither holds the other
    UNKNOWN = "unknown"  # it cannot be told


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the older contract and the newer one."""

    rule: str  # `response-property-removed`
    severity: Severity
    message: str  # what breaks for whom
    old: str  # where it stood, and what: `#/properties/a: {"type": "string"}`
    new: str
    location: str = ""  # where it stands now

    def finding(self) -> Finding:
        """The change as evidence of a check."""
        return Finding(
            self.rule,
            self.message,
            severity=self.severity,
            location=self.location,
            expected=f"compatible with {self.old} (recorded)",
            received=self.new,
        )

    @property
    def harmless(self) -> bool:
        """Whether clients of the older contract are surely served by the newer one."""
        return self.severity in (Severity.INFO, Severity.WARNING)


_BROKEN = {
    Side.REQUEST: "requests that clients send today may be refused",
    Side.RESPONSE: "clients may receive what they cannot read",
}
_FINE = {
    Side.REQUEST: "every request that was valid still is",
    Side.RESPONSE: "every answer is one that clients know already",
}
_BREAKING = {Side.REQUEST: Kind.NARROWED, Side.RESPONSE: Kind.WIDENED}


def change(
    side: Side, aspect: str, kind: Kind, what: str, old: tuple[str, Any], new: tuple[str, Any]
) -> Change:
    """What became of `aspect`; `old` and `new` are JSON pointers with what stands there."""
    if kind is Kind.UNKNOWN:
        severity, effect = Severity.DOUBT, "whether clients are still served cannot be told"
    elif kind in (Kind.CHANGED, _BREAKING[side]):
        severity, effect = Severity.ERROR, _BROKEN[side]
    else:
        severity, effect = Severity.INFO, _FINE[side]
    message = f"{side}: {what}: {effect}"
    return Change(
        f"{side}-{aspect}-{kind}", severity, message, at(*old), at(*new), place(side, new)
    )


def at(pointer: str, value: Any) -> str:
    """`#/properties/a: {"type": "string"}`."""
    return f"{pointer}: {'nothing' if value is None else shown(value, 120)}"


def place(side: Side, there: tuple[str, Any]) -> str:
    """Where a change stands, for a finding."""
    return f"{side}{there[0]}"


def breaks(changes: Iterable[Change]) -> bool:
    """Whether one of them may break somebody."""
    return not all(item.harmless for item in changes)
