"""Bodies read strictly, and what was read lately kept, within a bound on memory.

Answers are compared again and again, so that reading each once would fill the memory with values
and reading each every time would take too long.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from harness.contract.wire.strictjson import Parsed, Problem, parse
from harness.contract.wire.weight import weight
from harness.model import Severity

HEAVIEST = 64 * 1024 * 1024  # bytes of memory that the values of one body may take
_KEPT = 32 * 1024 * 1024  # the same, of all that are kept; the last one is, whatever it takes


class _Lately:
    """What was read, the latest last; equal bodies share their value, which nobody changes."""

    def __init__(self) -> None:
        self._read: OrderedDict[bytes, tuple[Parsed, int]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def read(self, body: bytes) -> Parsed:
        with self._lock:
            if body in self._read:
                self._read.move_to_end(body)
                return self._read[body][0]
        heavy = weight(body)
        parsed = parse(body) if heavy <= HEAVIEST else _unread(heavy)
        if parsed.readable:
            with self._lock:
                self._keep(body, parsed, heavy)
        return parsed

    def _keep(self, body: bytes, parsed: Parsed, heavy: int) -> None:
        if body in self._read:
            return  # by another thread in the meantime
        self._read[body] = (parsed, heavy)
        self._held += heavy
        while self._held > _KEPT and len(self._read) > 1:
            self._held -= self._read.popitem(last=False)[1][1]


def _unread(heavy: int) -> Parsed:
    message = f"not read: its values would take about {heavy >> 20} MiB of memory"
    return Parsed(None, False, (Problem("json-size", message, Severity.DOUBT),))


_lately = _Lately()


def read(body: bytes) -> Parsed:
    """`body` as `strictjson.parse` reads it; not at all where its values would fill the memory."""
    return _lately.read(body)
