"""What became of each request around a stop: answered, refused, reset, or lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.lifecycle.door import Closed
from harness.load.locustside import layout
from harness.model import Evidence

if TYPE_CHECKING:
    from harness.load.driving.record import Rows

Kind = Literal["answered", "refused", "stale", "reset", "interrupted", "lost", "failed"]
KINDS: dict[Kind, str] = {
    "answered": "good",
    "refused": "neutral",  # no connection, or 503: the caller knows to go elsewhere
    "stale": "neutral",  # a kept connection was closed as the request was written to it
    "reset": "bad",  # sent after the signal, connected, and dropped without an answer
    "interrupted": "bad",  # sent before it on a new connection, which nobody may have accepted
    "lost": "bad",  # sent before it on a connection that the server had, and never answered
    "failed": "bad",  # answered, but neither rightly nor with 503
}
_AT_THE_DOOR = 0.1  # seconds before the signal in which a request may not have been read yet
_DRAWN = 600  # items of the picture


@dataclass(frozen=True, slots=True)
class Fate:
    """One request; times are seconds after the signal, negative before it."""

    sent: float
    ended: float
    kind: Kind

    @property
    def in_flight(self) -> bool:
        """Whether it was under way at the signal."""
        return self.sent < 0 <= self.ended


def fates(rows: Rows, signalled: float, closed: Closed | None) -> list[Fate]:
    """Each request of a load record that was sent, in order; shape of `rows`: (n,).

    `signalled` is a time.monotonic(); `closed` tells when the listening socket was closed, which
    alone can tell a refusal from a reset where a proxy stands before the candidate.
    """
    flags = rows["flags"]
    sent = (flags & (layout.UNSENT | layout.SILENT)) == 0
    # A client of the user's own does not say when it opens a connection.
    tells = bool((flags & layout.CONNECTED).any())
    return [_fate(row, signalled, closed, tells) for row in rows[sent]]


def _fate(row: Any, signalled: float, closed: Closed | None, tells: bool) -> Fate:
    sent = float(row["sent"])
    ended = sent + float(row["service"])
    flags, status = int(row["flags"]), int(row["status"])
    after = sent >= signalled
    if not flags & layout.FAILED:
        kind: Kind = "answered"
    elif ended < signalled:
        kind = "failed"
    elif status:
        kind = "refused" if status == 503 else "failed"
    elif after:
        kind = _after(flags, sent, closed, tells)
    else:
        kind = _before(flags, signalled - sent, tells)
    return Fate(sent - signalled, ended - signalled, kind)


def _after(flags: int, sent: float, closed: Closed | None, tells: bool) -> Kind:
    """Sent after the signal, without an answer."""
    if _kept(flags, tells):
        return "stale"
    if layout.why(flags) == layout.REFUSED:
        return "refused"
    dropped = layout.why(flags) in (layout.RESET, layout.CLOSED)
    # What waited in the queue when the socket was closed was connected before that.
    return "refused" if dropped and closed is not None and sent >= closed.open_until else "reset"


def _before(flags: int, earlier: float, tells: bool) -> Kind:
    """Sent before the signal, without an answer."""
    if not _kept(flags, tells):
        return "interrupted"
    return "lost" if earlier > _AT_THE_DOOR else "stale"


def _kept(flags: int, tells: bool) -> bool:
    """Whether it went out on a connection that the server had accepted for an earlier request."""
    return tells and (not flags & layout.CONNECTED or bool(flags & layout.RETRIED))


def count(found: Sequence[Fate]) -> Counter[Kind]:
    """How many there are of each kind."""
    return Counter(fate.kind for fate in found)


def strip(found: Sequence[Fate], closed: float | None, ended: float) -> Evidence:
    """The picture: each request as a bar from its send to its end, by kind.

    `closed` and `ended`: seconds after the signal at which the socket was closed, where that is
    known, and the candidate was gone. Of many requests those around the signal are drawn.
    """
    near = sorted(found, key=lambda fate: max(-fate.ended, fate.sent, 0.0))[:_DRAWN]
    marks = [{"x": 0.0, "name": "SIGTERM"}, {"x": round(ended, 4), "name": "ended"}]
    if closed is not None:
        marks.insert(1, {"x": round(closed, 4), "name": "socket closed"})
    items = [
        {"start": round(fate.sent, 4), "end": round(fate.ended, 4), "kind": fate.kind}
        for fate in sorted(near, key=lambda fate: fate.sent)
    ]
    data = {"x_unit": "s", "marks": marks, "items": items, "kinds": dict(KINDS)}
    return Evidence("strip", "Requests around SIGTERM", data)
