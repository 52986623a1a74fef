"""A smaller request that fails as a larger one did, for a person to look at.

The greedy part of delta debugging: halves are left out, then quarters, then single rows.
Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract.contract import Contract
from harness.contract.judging.findings import Exchange, Key, key_of
from harness.contract.requests.cases import Case, Claim, dumps, prepared
from harness.contract.requests.source import Source
from harness.contract.wire.transport import Client
from harness.model import Finding

REQUESTS = 20
SECONDS = 2.0
_SMALL = 200  # bytes of a body that nobody has to make smaller
_SHORT = 8  # characters of a text that stays whole
_HOPELESS = ("no-answer", "unsent")  # a server that hangs or dies is not asked again and again

Smaller = tuple[Case, Finding]


def shrink(contract: Contract, base_url: str, case: Case, key: Key, ends: float) -> Smaller | None:
    """A shorter valid request with a finding of the same key, or None where there is none.

    At most 20 requests and 2 s, and nothing after `ends` (`time.monotonic()`). Only requests that
    the contract allows and that were generated: an example is already what its author chose.
    """
    generated = case.example is None and case.value is not None
    promised = case.claim in (Claim.VALID, Claim.ALLOWED)
    if not (generated and promised) or len(case.prepared.body) < _SMALL or key[0] in _HOPELESS:
        return None
    until = min(ends, time.monotonic() + SECONDS)
    with Client(base_url) as client:
        return _Shrinker(contract, client, base_url, key, until).shrunk(case)


@dataclass(slots=True)
class _Shrinker:
    contract: Contract
    client: Client
    base_url: str
    key: Key
    until: float
    sent: int = 0

    def shrunk(self, case: Case) -> Smaller | None:
        best: Smaller | None = None
        value = case.value
        while (found := self._step(case, value)) is not None:
            best, value = found, found[0].value
        return best

    def _step(self, case: Case, value: Any) -> Smaller | None:
        """The first smaller request that still fails."""
        source = Source.of(self.contract)
        for smaller in _smaller(self.contract, value):
            if source.refutes(smaller):
                continue
            left = self.until - time.monotonic()
            if self.sent >= REQUESTS or left <= 0:
                return None
            request = prepared(case.prepared.path, dumps(smaller))
            there = Case(case.name, request, case.claim, smaller, promise=case.promise)
            finding = self._fails(there, left)
            if finding is not None:
                return there, finding
        return None

    def _fails(self, case: Case, seconds: float) -> Finding | None:
        self.sent += 1
        exchange = Exchange(case, self.client.send(case.prepared, seconds), self.base_url)
        found = self.contract.rules.judge(exchange)
        return next((item for item in found if key_of(item) == self.key), None)


def _smaller(contract: Contract, value: Any) -> Iterator[Any]:
    rows = contract.form.split(value)
    if rows is not None and len(rows) > 1:
        size = len(rows) // 2
        while size:
            for start in range(0, len(rows), size):
                rest = rows[:start] + rows[start + size :]
                if rest:
                    yield contract.form.join(rest)
            size //= 2
    yield from _shorter(value)


def _shorter(value: Any) -> Iterator[Any]:
    """The longest text in `value`, cut to its first and to its second half."""
    path = max(_texts(value), key=lambda item: item[0], default=(0, ()))[1]
    text = value
    for part in path:
        text = text[part]
    if not isinstance(text, str) or len(text) <= _SHORT:
        return
    middle = len(text) // 2
    for half in (text[:middle], text[middle:]):
        yield _replaced(value, path, half)


def _texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[int, tuple[Any, ...]]]:
    if isinstance(value, str):
        yield len(value), path
    inner = value.items() if isinstance(value, dict) else ()
    for part, item in enumerate(value) if isinstance(value, list) else inner:
        if not isinstance(item, (int, float)):
            yield from _texts(item, (*path, part))


def _replaced(value: Any, path: tuple[Any, ...], text: str) -> Any:
    if not path:
        return text
    changed = copy.deepcopy(value)
    place = changed
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = text
    return changed
