"""Whether clients of the recorded contract are served by the present one: backward compatible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.contract.accepted.golden import Golden
from harness.contract.accepted.snapshot import Snapshot
from harness.contract.compatible import schemas, tensors
from harness.contract.compatible.changes import Change, Kind, Side, at, change
from harness.contract.judging.findings import relax
from harness.contract.text import shown
from harness.model import Finding, Severity

if TYPE_CHECKING:
    from harness.contract.contract import Contract

__all__ = ["Change", "Kind", "Side", "changes_since", "compare"]


def changes_since(golden: Golden, contract: Contract) -> list[Finding]:
    """Every change of the contract since it was recorded; see `compare` for their severities.

    With the names of the release's requests that the present contract forbids: clients send them.
    """
    found = [change.finding() for change in compare(golden.contract, Snapshot.of(contract))]
    found += _forbidden(golden, contract)
    return relax(found, contract.tolerated)


def _forbidden(golden: Golden, contract: Contract) -> Iterator[Finding]:
    """The first of the recorded requests that break the present schema, with its reason."""
    if contract.request is None:
        return
    for item in golden.answers:
        broken = contract.request.violations(item.case.value)
        if broken:
            yield Finding(
                "request-forbidden",
                f"request: {item.name}, which the release answered, is forbidden now: "
                f"{broken[0].message}",
                location=f"request{broken[0].pointer}",
                expected=f"compatible with the recorded request, at {broken[0].path}",
                received=f"{broken[0].expected}, for {shown(item.prepared.body, 120)}",
            )
            return


def compare(old: Snapshot, new: Snapshot) -> list[Change]:
    """Every change of the contract, as clients of the `old` one see it.

    A change that may break one of them is an error, one that cannot be judged a doubt, one that
    they should know of a warning, and what only adds is for information.
    """
    return [
        *_way(old, new),
        *_schema(Side.REQUEST, old, new),
        *_schema(Side.RESPONSE, old, new),
        *tensors.compare(Side.REQUEST, old.inputs, new.inputs),
        *tensors.compare(Side.RESPONSE, old.outputs, new.outputs),
    ]


def _way(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    if old.path != new.path:
        # The older path may still be served: replaying what was recorded asks it.
        message = "request: predictions are promised at another path"
        there = at("#/path", old.path), at("#/path", new.path)
        yield Change("path-changed", Severity.WARNING, message, *there, "request#/path")
    if old.dialect != new.dialect:
        message = "the contract is written for another dialect of the protocol"
        there = at("#/dialect", old.dialect), at("#/dialect", new.dialect)
        yield Change("dialect-changed", Severity.INFO, message, *there, "request#/dialect")
    if old.max_batch != new.max_batch:
        was, now = (float(n or "inf") for n in (old.max_batch, new.max_batch))
        kind = Kind.NARROWED if now < was else Kind.WIDENED
        there_ = ("#/max_batch", old.max_batch), ("#/max_batch", new.max_batch)
        yield change(Side.REQUEST, "batch", kind, "max_batch has changed", *there_)


def _schema(side: Side, old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Without a schema nothing is promised, and anything may be sent."""
    before, now = (getattr(snapshot, side.value) for snapshot in (old, new))
    if before is not None and now is not None:
        yield from schemas.compare(side, before, now)
    elif before is not None and side is Side.RESPONSE:
        message = "response: the schema was removed: what clients were promised is promised no more"
        there = at("#", before), at("#", None)
        yield Change("response-schema-removed", Severity.ERROR, message, *there, "response#")
    elif before is not now:
        verb = "removed" if now is None else "added"
        # What was recorded is held against a new schema of requests: see `replay.refused`.
        message = f"{side}: the schema was {verb}: there was no other one to compare it with"
        there = at("#", before), at("#", now)
        yield Change(f"{side}-schema-{verb}", Severity.INFO, message, *there, f"{side}#")
