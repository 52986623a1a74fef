"""Asking a service for predictions, and what an answer is worth as an example."""

from __future__ import annotations

from typing import Any

from harness.contract import Case, Claim, Exchange, send
from harness.contract.requests.cases import dumps, prepared

_TIMEOUT = 30.0  # seconds: the first inference may load the model
_AGAIN = 2  # times that an answer has to be the same


class Asking:
    """One service."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def case(self, case: Case) -> Exchange:
        """The answer to a case."""
        return Exchange(case, send(self.base_url, case.prepared, _TIMEOUT), self.base_url)

    def value(self, path: str, value: Any) -> Exchange:
        """The answer to a request in JSON."""
        return self.case(Case("a request", prepared(path, dumps(value)), Claim.ALLOWED, value))

    def row(self, path: str, value: Any) -> dict[str, Any]:
        """The line of an example: with its answer where that is the same each time.

        No answer at all is told as status 599, like a crash.
        Real numbers are left out: their last digits are another machine's own.
        """
        first = self.value(path, value)
        row = {"request": value, "status": first.answer.status or 599}
        if not first.comparable or _has_reals(first.parsed.value):
            return row
        again = (self.value(path, value) for _ in range(_AGAIN))
        same = all(item.comparable and item.parsed.value == first.parsed.value for item in again)
        return {**row, "response": first.parsed.value} if same else row


def _has_reals(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_reals, value.values()))
    if isinstance(value, list):
        return any(map(_has_reals, value))
    return isinstance(value, float)
