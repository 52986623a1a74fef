"""A valid request whose answer is known, sent after every abuse: is the service still healthy?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.contract.contract import Contract
from harness.contract.judging.compare import Comparer
from harness.contract.judging.findings import Exchange
from harness.contract.requests.cases import Case
from harness.contract.text import shown
from harness.contract.wire.curl import curl, curl_on_one_connection
from harness.contract.wire.transport import Answer, Client, Layer
from harness.model import Finding, Severity

_ASKED = 2  # times before any abuse: an answer that changes by itself is not known
_LINES = 3  # abuses of which a line is shown
_ELSEWHERE = 3.0  # seconds that another connection is waited for
_BUSY = 429  # a limit on the rate is no illness
_PAUSES = (0.05, 0.25, 0.7, 1.5)  # seconds before it is asked again: a worker may be replaced


@dataclass(slots=True)
class Canary:
    """One request of the survey with its answer."""

    contract: Contract
    client: Client
    known: Exchange
    steady: bool = True  # whether the answer was the same each time: then it is compared
    seconds: float = 0.0  # that its answer takes
    gone: bool = False  # whether the service stayed away: there is nothing more to ask
    misread: bool = False  # whether it was told that refused bodies are left unread

    @classmethod
    def of(cls, contract: Contract, client: Client, base_url: str) -> Canary | None:
        """The smallest request that was served, or None where none was."""
        served = [e for e in contract.survey(base_url).exchanges if e.comparable]
        if not served:
            return None
        first = min(served, key=lambda e: len(e.case.prepared.body) + len(e.answer.body))
        canary = cls(contract, client, first)
        asked = [canary._ask() for _ in range(_ASKED)]
        canary.steady = all(map(canary._same, asked))
        canary.seconds = min(e.answer.seconds for e in asked)
        return canary

    def look(self, abuses: Sequence[Case]) -> Iterator[Finding]:
        """What is wrong with the service after `abuses`; it was healthy before.

        Where the last of them left its connection open, the canary goes the same way.
        """
        shared = self.client.is_open
        exchange = self._ask()
        if self._is_as_ever(exchange):
            return
        if shared and not exchange.answer.retried:
            self.client.close()
            alone = self._ask()
            if self._is_as_ever(alone) and self._misreads(abuses[-1]):
                self.misread = True
                yield self._left_over(abuses[-1], exchange)
                return
            exchange = exchange if _is_well(alone.answer) else alone
        if not _is_well(exchange.answer):
            yield self._unhealthy(abuses, exchange)
        elif self.steady:
            # That answers depend on history is the finding of behaviour.history.
            yield self._told(
                abuses,
                exchange.finding(
                    "poisoned",
                    Layer.INFERENCE,
                    f"another answer to a valid request after {_names(abuses)}",
                    severity=Severity.WARNING,
                    expected=f"{shown(self.known.answer.body, 120)}, as before",
                ),
            )

    def _is_as_ever(self, exchange: Exchange) -> bool:
        return _is_well(exchange.answer) and (not self.steady or self._same(exchange))

    def _misreads(self, abuse: Case) -> bool:
        """Whether it happens again: only after this abuse, and only on its connection.

        Asked in both orders: what an abuse does to everybody for a moment is over on whichever
        connection is asked last, and what it left on its own connection is not.
        """
        if not self._abused(abuse):
            return False
        again = self._ask()
        self.client.close()
        if again.answer.retried or self._is_as_ever(again) or not self._is_as_ever(self._ask()):
            return False
        if not self._abused(abuse):
            return False
        with Client(self.known.base_url, timeout=_ELSEWHERE) as other:
            elsewhere = self._ask(other)
        again = self._ask()
        self.client.close()
        # A server of one connection at a time does not answer elsewhere: that is no objection.
        wrong = _is_well(elsewhere.answer) and not self._is_as_ever(elsewhere)
        return not (wrong or again.answer.retried or self._is_as_ever(again))

    def _abused(self, abuse: Case) -> bool:
        """Send it on a new connection; whether that is left open."""
        self.client.close()
        self.client.send(abuse.prepared, keep=True)
        return self.client.is_open

    def _left_over(self, abuse: Case, exchange: Exchange) -> Finding:
        what = exchange.answer.error or f"status {exchange.answer.status}"
        if _is_well(exchange.answer):
            what = "another answer"
        found = exchange.finding(
            "desync",
            Layer.PARSING,
            f"{what} to a valid request on the connection of {abuse.name}, as ever on another one",
            expected="a body that was read, or a connection that is closed",
            promise="RFC 9112 section 9.3",
        )
        line = curl_on_one_connection(abuse.prepared, exchange.case.prepared, self.known.base_url)
        return replace(found, reproduce=line)

    def _unhealthy(self, abuses: Sequence[Case], exchange: Exchange) -> Finding:
        began = time.monotonic()
        mute = exchange.answer.status == 0 and exchange.answer.layer is Layer.INFERENCE
        recovered = not mute and self._recovers()
        self.gone = not recovered
        waited = time.monotonic() - began
        after = f"it is well again {waited:.2g} s later" if recovered else "and no better later"
        answer = exchange.answer
        what = "no answer" if answer.error is not None else f"status {answer.status}"
        message = f"{what} to a valid request after {_names(abuses)}; {after}"
        found = exchange.finding(
            "unhealthy", answer.layer, message, expected=f"{self.known.answer.status}, as before"
        )
        return self._told(abuses, found)

    def _recovers(self) -> bool:
        for pause in _PAUSES:
            time.sleep(pause)
            if _is_well(self._ask().answer):
                return True
        return False

    def _told(self, abuses: Sequence[Case], finding: Finding) -> Finding:
        """With the lines that repeat it: the abuse, then the canary."""
        lines = [curl(case.prepared, self.known.base_url) for case in abuses[-_LINES:]]
        return replace(finding, reproduce="; ".join([*lines, finding.reproduce]))

    def _ask(self, client: Client | None = None) -> Exchange:
        case = self.known.case
        answer = (client or self.client).send(case.prepared)
        return Exchange(case, answer, self.known.base_url)

    def _same(self, again: Exchange) -> bool:
        if again.succeeded and again.answer.body == self.known.answer.body:
            return True
        if not again.comparable:
            return not again.succeeded and _is_well(again.answer)
        comparer = Comparer(self.contract.tolerance, self.contract.config.volatile)
        first, second = (self.contract.form.prediction(e.parsed.value) for e in (self.known, again))
        return comparer.difference(first, second) is None


def _names(abuses: Sequence[Case]) -> str:
    """The abuse, or the last of several: each may be the one."""
    last = abuses[-1].name
    return last if len(abuses) == 1 else f"{last} or one of the {len(abuses) - 1} before it"


def _is_well(answer: Answer) -> bool:
    return answer.error is None and (200 <= answer.status < 300 or answer.status == _BUSY)
