"""Asking one request after the other, within a time, for as long as the service answers."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from harness.contract.contract import Contract
from harness.contract.instruments.patience import Polite
from harness.contract.judging.findings import Exchange
from harness.contract.requests.cases import Case, Claim, dumps, prepared
from harness.contract.wire.transport import TIMEOUT, Client, Layer
from harness.errors import CandidateNotReady

BUDGET = 10.0  # seconds that one relation may take behind a slow service
_HANGS = 2  # requests without an answer, after which no more are sent
_TAKEN = 64 * 1024 * 1024  # bytes of answers: relations keep many of them


class Asker:
    """Asks until its time is up, or too many requests had no answer; counts what it left out."""

    def __init__(self, base_url: str, seconds: float = BUDGET) -> None:
        self._client = Client(base_url, TIMEOUT)
        self._polite = Polite(self._client)
        self._base_url = base_url
        self._ends = time.monotonic() + seconds
        self._hangs = 0
        self._taken = 0
        self._swallowed = 0  # abuses that had no answer
        self.left_out = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._client.close()

    @property
    def done(self) -> bool:
        """Whether no more is asked."""
        spent = self._taken > _TAKEN or time.monotonic() > self._ends
        return spent or self._hangs >= _HANGS

    def ask(self, case: Case) -> Exchange | None:
        """Send one request; None where it was left out.

        Raises CandidateNotReady where nobody listens any more.
        """
        if self.done:
            self.left_out += 1
            return None
        answer = self._polite.send(case.prepared)
        if answer.layer is Layer.CONNECTION:
            again = self._client.send(case.prepared)
            if again.layer is Layer.CONNECTION:
                raise CandidateNotReady(f"the candidate answers no more: {again.error}")
        self._hangs += answer.error is not None
        self._taken += len(answer.body)
        return Exchange(case, answer, self._base_url)

    def abuse(self, case: Case) -> None:
        """Send a request whose answer is the contract checks' matter, be there one or not."""
        if self._swallowed < _HANGS and not self.done:
            self._swallowed += self._client.send(case.prepared).error is not None


def case_of(contract: Contract, name: str, value: Any) -> Case:
    """A request of our own, which the contract allows."""
    return Case(name, prepared(contract.predict_path, dumps(value)), Claim.ALLOWED, value)
