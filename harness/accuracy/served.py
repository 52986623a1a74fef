"""The candidate behind its own HTTP interface: what its users get, not what a file would give."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.accuracy.errors import ModelError
from harness.accuracy.workers.frames import Array
from harness.accuracy.predictions import Answers
from harness.contract import Answer, Client, Contract
from harness.errors import CandidateNotReady

_TIMEOUT = 30.0  # seconds for one request
_SHOWN = 200


class ServedModel:
    """Asks a running candidate, one request after the other over one connection."""

    name = "served"

    def __init__(self, base_url: str, contract: Contract, batch: int) -> None:
        self.runtime = f"the candidate at {base_url}"
        self.seconds = 0.0
        self.problem = ""  # of the first request that was not answered as it should
        self._client = Client(base_url, timeout=_TIMEOUT)
        self._contract = contract
        self._rows = 1 if contract.row_at_a_time else batch

    def start(self) -> None:
        """Nothing to start: it runs already."""

    def predict(self, rows: Array) -> Answers:
        """The answers to some rows; a request that is refused leaves its rows without one.

        Raises ConfigError where the contract does not say how a row is asked, CandidateNotReady
        where nothing answers at all, ModelError where answers differ in form.
        """
        missing = np.zeros(len(rows), bool)
        found: list[Any] = []
        for start in range(0, len(rows), self._rows):
            end = start + self._rows
            problem, answered = self._ask(rows[start:end])
            self.problem = self.problem or problem
            missing[start:end] = bool(problem)
            found += answered
        return Answers(_values(found), missing)

    def abort(self) -> None:
        """Nothing to break off: every exchange is bounded in time."""

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _ask(self, part: Array) -> tuple[str, list[Any]]:
        """What is wrong with the answer, or "" and the predictions."""
        answer = self._client.send(self._contract.encode(part))
        self.seconds += answer.seconds
        if answer.status == 0:
            raise CandidateNotReady(f"the candidate does not answer rows: {answer.error}")
        return self._read(answer, len(part))

    def _read(self, answer: Answer, wanted: int) -> tuple[str, list[Any]]:
        shown = answer.body[:_SHOWN].decode("utf-8", "replace")
        if answer.status != 200 or answer.error is not None:
            return answer.error or f"status {answer.status}: {shown}", []
        try:
            rows = self._contract.decode(answer.body)
        except ValueError as problem:
            return f"{problem}", []
        if len(rows) != wanted:
            return f"{len(rows)} answers for {wanted} rows: {shown}", []
        return "", rows


def _values(found: Sequence[Any]) -> Array:
    try:
        values = np.asarray(found)
    except ValueError:
        values = np.empty(0, dtype=object)
    if found and values.dtype.kind not in "biufUS":
        raise ModelError(
            "served: the answers are not classes or scores of one shape; the first is "
            f"{json.dumps(found[0])[:_SHOWN]}"
        )
    return values
