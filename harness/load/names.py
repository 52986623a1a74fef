"""One endpoint's part of a load run: the requests of one name, for limits on `{name=predict}`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from harness import labels
from harness.load.driving.window import Flags, Window
from harness.load.errors import LoadError
from harness.load.locustside import layout
from harness.model import Measurement

if TYPE_CHECKING:
    from harness.load.traffic import Traffic


def numbers(names: Mapping[int, str], label: str) -> list[int]:
    """The numbers in the record that a label stands for: `predict` for `POST /predict`.

    A label is a name as it was recorded, or without the method, or without the leading slash too.
    """
    return [number for number, name in names.items() if label in _called(name)]


def _called(name: str) -> set[str]:
    method, space, path = name.partition(" ")
    bare = path if space and method.isupper() else name
    return {name, bare, bare.removeprefix("/")}


def part(traffic: Traffic, label: str, *, uncertain: bool = False) -> Traffic | None:
    """The run as far as requests of that name go, None where there was none.

    What a locustfile never sent, or never got an answer to, or what has not come back by an early
    look, has no name (yet); it is of this part where `uncertain` is set.
    """
    window, found = traffic.window, numbers(traffic.names, label)
    nameless = window.pending | _unnamed(traffic)
    mine = np.isin(window.names, found) & ~nameless & ~window.silent
    if not found or not mine.any():
        return None
    chosen = mine | nameless if uncertain else mine
    share = np.count_nonzero(chosen) / max(1, traffic.n)
    return replace(traffic, window=_cut(window, chosen, found), rate=traffic.rate * float(share))


def _unnamed(traffic: Traffic) -> Flags:
    """Requests without an answer that are recorded under no name of their own."""
    window = traffic.window
    others = [number for number, name in traffic.names.items() if name == layout.OTHER_NAME]
    found: Flags = (window.status == 0) & ~window.silent & np.isin(window.names, others)
    return found


def _cut(window: Window, chosen: Flags, found: list[int]) -> Window:
    mine = np.isin(window.error_names, found)
    return replace(
        window,
        planned=window.planned[chosen],
        response=window.response[chosen],
        service=window.service[chosen],
        lateness=window.lateness[chosen],
        status=window.status[chosen],
        unsent=window.unsent[chosen],
        silent=window.silent[chosen],
        queued=window.queued[chosen],
        pending=window.pending[chosen],
        names=window.names[chosen],
        errors=window.errors[mine],
        error_names=window.error_names[mine],
        perhaps=window.perhaps[mine] if len(window.perhaps) else window.perhaps,
        done=int(np.count_nonzero(np.isfinite(window.response[chosen]))),
    )


def measure(traffic: Traffic, name: str) -> Measurement | None:
    """`latency_p95{name=predict}` and the like, None where no request of that name was judged.

    Requests of unknown name may all have been of this one, or none: the interval holds both.
    """
    base, given = labels.split(name)
    known = part(traffic, given["name"])
    found = None if known is None else known.measure(base)
    if found is None:
        return None
    other = part(traffic, given["name"], uncertain=True)
    worst = found if other is None else other.measure(base) or found
    lows = [one.low for one in (found, worst) if one.low is not None]
    highs = [one.high for one in (found, worst) if one.high is not None]
    low, high = min(lows, default=None), max(highs, default=None)
    return replace(found, name=name, low=low, high=high)


def refuse_absent(traffic: Traffic, limited: Iterable[str]) -> None:
    """A limit on requests that nobody sent keeps nothing. Raises LoadError with the names sent."""
    for name in limited:
        wanted = labels.split(name)[1].get("name")
        if wanted is not None and part(traffic, wanted) is None:
            sent = np.unique(traffic.window.names[~traffic.window.unsent & ~traffic.window.silent])
            told = ", ".join(
                repr(traffic.names[int(number)]) for number in sent if number in traffic.names
            )
            raise LoadError(
                f"limit on {name!r}, but no judged request had that name; names that were sent: "
                f"{told or 'none'}"
            )
