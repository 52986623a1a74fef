"""Bodies: the requests that load is made of, different ones by default, in the declared sizes."""

from __future__ import annotations

import base64
import itertools
import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ConfigError
from harness.load.errors import LoadError

if TYPE_CHECKING:
    from harness.contract import Case, Contract, Prepared

DISTINCT = 512  # requests: more than services keep by accident, few enough to judge each answer
_MOST = 4096
_BYTES = 16 * 1024 * 1024  # of all bodies, beyond the first few
_SURE = 8  # bodies that are sent however large they are
_TRIED = 8  # requests that the contract only allows, asked before hundreds like them are sent
_TRYING = 3.0  # seconds


@dataclass(frozen=True, slots=True)
class Bodies:
    """What was written for Locust's process."""

    sent: int  # requests of one rotation
    distinct: int  # different ones among them
    note: str = ""  # why they are fewer than could be wished for; empty: they are not


def enough(warmup: int) -> int:
    """How many different requests leave new ones after a warm-up of so many requests."""
    return min(_MOST, max(DISTINCT, warmup + DISTINCT // 2))


def write(
    path: Path,
    contract: Contract,
    *,
    sizes: Mapping[str, float] | None = None,
    seed: int = 1,
    count: int = DISTINCT,
    base_url: str | None = None,
) -> Bodies:
    """Write the rotation of requests, one JSON line each; the order is drawn from the seed.

    `sizes` has the share of the requests for a number of rows. Up to `count` requests, all
    different as far as the contract gives so many; fewer where they are large. The first one is
    the plainest: it is what a run with the same body throughout repeats. What the contract only
    allows is sent in numbers after some of it were answered by the service at `base_url`.
    Raises LoadError where there is no valid request, or none of the sizes.
    """
    if sizes:
        chosen, note = _mixed(contract, _shares(contract, sizes), seed, count), ""
    else:
        chosen, note = _various(contract, seed, count, base_url)
    if not chosen:
        raise LoadError("the contract knows no valid request to send: give contract.examples")
    first, rest = chosen[0], _shuffled(chosen[1:], seed)
    with path.open("w", encoding="utf-8") as file:
        for prepared in (first, *rest):
            file.write(json.dumps(_line(prepared)) + "\n")
    distinct = len({(one.method, one.path, one.body) for one in chosen})
    return Bodies(len(chosen), distinct, note)


def _various(
    contract: Contract, seed: int, count: int, base_url: str | None
) -> tuple[list[Prepared], str]:
    """The corpus, and behind it as many fresh requests as there is room for."""
    known = list(contract.requests())
    if not known:
        return known, ""
    seen = {prepared.body for prepared in known}
    room = _BYTES - sum(map(len, seen))
    new = (case for case in contract.fresh(seed=seed) if case.prepared.body not in seen)
    found = list(_within(new, room, count - len(known)))
    why = "the contract gives no more" if not found else _refused(contract, found, base_url)
    fresh = [] if why else [case.prepared for case in found]
    chosen = [*known, *fresh][: max(count, 1)]
    note = f"only {len(chosen)} different requests: {why}" if why and len(chosen) < count else ""
    return chosen, note


def _refused(contract: Contract, cases: list[Case], base_url: str | None) -> str:
    """Why requests that are merely allowed had better not be sent; "" where nothing speaks so."""
    from harness.contract import Claim

    if all(case.claim is Claim.VALID for case in cases):
        return ""
    if base_url is None:
        return "others are not promised an answer"
    ends = time.monotonic() + _TRYING
    for case in cases[:_TRIED]:
        exchange = contract.exchange(case, base_url, _TRYING)
        if not exchange.succeeded:
            return f"others are allowed, and the service refuses them ({exchange.came_back()})"
        if time.monotonic() > ends:
            break
    return ""


def _mixed(
    contract: Contract, shares: Mapping[int, float], seed: int, count: int
) -> list[Prepared]:
    """Requests of each size in its share, that with the largest share first."""
    made: dict[int, list[Prepared]] = {}
    for rows, share in sorted(shares.items(), key=lambda item: (-item[1], item[0])):
        room = int(_BYTES * share) + 1
        wanted = max(1, round(count * share))
        made[rows] = [case.prepared for case in _within(contract.fresh(rows, seed), room, wanted)]
        if not made[rows]:
            raise LoadError(
                f"load.sizes: nothing says what a request of {rows} rows looks like: declare "
                "[[contract.inputs]] with shapes that begin with a word, or give examples in rows"
            )
    return _in_shares(made, shares, count)


def _in_shares(
    made: Mapping[int, list[Prepared]], shares: Mapping[int, float], count: int
) -> list[Prepared]:
    """Where one size has run short of different requests it repeats: the shares are what counts.

    As many as the size that gives the most for its share, within the bytes there is room for.
    """
    sent = min(count, max(len(found) / shares[rows] for rows, found in made.items()))
    weight = sum(shares[rows] * len(found[0].body) for rows, found in made.items())
    sent = min(sent, 4 * _BYTES / max(1.0, weight))
    return [
        prepared
        for rows, found in made.items()
        for prepared in itertools.islice(itertools.cycle(found), max(1, round(sent * shares[rows])))
    ]


def _shares(contract: Contract, sizes: Mapping[str, float]) -> dict[int, float]:
    """Share by number of rows, adding up to one."""
    most = contract.config.max_batch
    for text, share in sizes.items():
        if not text.isdecimal() or int(text) < 1:
            raise LoadError(f'load.sizes: {text!r}: expected a number of rows, like "16" = 0.1')
        if not math.isfinite(share) or share <= 0:
            raise LoadError(f"load.sizes: {text!r} = {share}: expected a share above zero")
        if most is not None and int(text) > most:
            raise LoadError(f"load.sizes: {text} rows, and contract.max_batch is {most}")
    total = sum(sizes.values())
    return {int(text): share / total for text, share in sizes.items()}


def _within(cases: Iterator[Case], room: int, most: int) -> Iterator[Case]:
    """At most so many, and within so many bytes, but for the first few."""
    try:
        for number, case in enumerate(itertools.islice(cases, max(0, most))):
            room -= len(case.prepared.body)
            if room < 0 and number >= _SURE:
                return
            yield case
    except ConfigError as problem:
        raise LoadError(f"no requests can be made: {problem}") from None


def _shuffled(items: list[Prepared], seed: int) -> list[Prepared]:
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(items))
    return [items[place] for place in order]


def _line(prepared: Prepared) -> dict[str, object]:
    return {
        "method": prepared.method,
        "path": prepared.path,
        "name": f"{prepared.method} {prepared.path}",
        "headers": dict(prepared.headers),
        "body": base64.b64encode(prepared.body).decode("ascii"),
    }
