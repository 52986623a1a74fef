"""The same requests asked quietly: what answers under load are held against, fast or not."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import GateError
from harness.load.driving.record import Kept

if TYPE_CHECKING:
    from harness.contract import Case, Contract, Exchange, Relation

OTHER = "other-answer"  # rule of findings

WANTED = 56  # requests with a quiet answer, beside those whose answers were not all the same

_PAUSE = 0.02  # seconds between two quiet requests: what comes faster may itself be a load
_REST = 1.0  # seconds, where the first answers are not the survey's: others may have asked a lot
_BEFORE = 24  # requests that are asked before the first load
_AGAIN = 12  # of those that the survey has asked: are its answers still the answers?
_SECONDS = 1.2  # of asking
_PATIENCE = 10.0  # seconds for one answer, before it is known how long they take
_SLOWER = 5.0  # times the slowest answer so far is how long one is waited for
_LEAST = 1.0  # seconds


class Quiet:
    """Quiet answers of one endpoint, one request at a time with a pause after each."""

    def __init__(
        self,
        contract: Contract,
        base_url: str,
        requests: Path,
        promised: Container[int] | None = None,
    ) -> None:
        """`requests`: as Locust's process sends them; `promised`: what the contract speaks of."""
        self.contract = contract
        self.base_url = base_url
        self.problem = ""  # why nothing is compared
        self._requests = requests
        self._promised = promised
        self.before: dict[int, Exchange] = {}  # asked right before all load
        self._surveyed: dict[int, Exchange] = {}  # asked one at a time when the gate began
        self._after: dict[int, list[Exchange]] = defaultdict(list)
        self.lot: set[int] = set()  # requests that were chosen without a look at their answers
        self._patience = _PATIENCE
        self._comparison = self._calibrate()
        if self._comparison is not None:
            self._begin()

    @property
    def known(self) -> frozenset[int]:
        """Requests that have a quiet answer."""
        return frozenset((*self.before, *self._surveyed, *self._after))

    def ask(self, wanted: Sequence[int], seconds: float = _SECONDS) -> dict[int, Exchange]:
        """Ask these requests once, in this order; those that were answered in time."""
        cases = dict(self._cases(set(wanted)))
        found = dict(self._ask([(n, cases[n]) for n in wanted if n in cases], seconds))
        for number, answer in found.items():
            self._after[number].append(answer)
        return found

    def reference(self, request: int) -> Exchange | None:
        """The quiet answer: that from before all load, else the most frequent one after it."""
        first = self._first(request)
        if first is not None:
            return first
        asked = self._after.get(request, [])
        return max(asked, key=lambda one: self._alike(one, asked), default=None)

    def unusual(self, request: int, again: Sequence[Exchange]) -> int:
        """How many quiet answers after the load are not the one that was to be expected.

        That from before the load; without one, the answer of at least half of the others.
        """
        first = self._first(request)
        if first is not None:
            return sum(self.differ(first, one) for one in again)
        # Each is alike itself: what counts are the others.
        return sum(2 * (self._alike(one, again) - 1) < len(again) - 1 for one in again)

    def changed(self, request: int, again: Sequence[Exchange]) -> bool | None:
        """Whether the answer is another one since the load, and now stays; None: neither is so.

        False is what would be as likely by chance: the answer is the same, and does not stay.
        """
        first = self.before.get(request)  # that of the survey may be another for other reasons
        if first is None or len(again) < 2:
            return None
        other, moved = self.differ(first, again[0]), self.differ(again[0], again[1])
        return other if other != moved else None

    def _first(self, request: int) -> Exchange | None:
        return self.before.get(request) or self._surveyed.get(request)

    def _alike(self, one: Exchange, them: Sequence[Exchange]) -> int:
        return sum(not self.differ(one, other) for other in them)

    def differ(self, first: Exchange, again: Exchange) -> bool:
        """Whether two answers differ by more than the calibration explains."""
        assert self._comparison is not None
        return self._comparison.answers_differ(self.contract, first, again) is not None

    def relation(self) -> Relation:
        """A comparison that has seen nothing yet. Not where there is a `problem`."""
        from harness.contract import Relation

        assert self._comparison is not None
        return Relation.of(OTHER, self._comparison.calibration)

    def several(self, answers: Sequence[Kept]) -> bool:
        """Whether one request had answers that differ by more than may be."""
        if len(answers) < 2:
            return False
        from harness.contract import Case, Claim, Prepared

        case = Case("", Prepared("POST", "/"), Claim.VALID)
        first, *others = (self.exchange(case, answer) for answer in answers)
        return any(self.differ(first, other) for other in others)

    def exchange(self, case: Case, kept: Kept) -> Exchange:
        """An answer under load to a request."""
        from harness.contract import Answer, Exchange

        answer = Answer(kept.status, tuple(kept.headers.items()), kept.body)
        return Exchange(case, answer, self.base_url)

    def speaks(self, request: int) -> bool:
        """Whether the contract speaks of a request: no other is asked."""
        return self._promised is None or request in self._promised

    def _begin(self) -> None:
        """Ask some requests; where the survey's answers are still the same, all of them count."""
        surveyed = self._look_up()
        cases = [(number, one.case) for number, one in surveyed.items()][:_AGAIN]
        if len(surveyed) < _BEFORE:
            others = (item for item in self._cases() if item[0] not in surveyed)
            cases += itertools.islice(others, _BEFORE - len(cases))
        if not (surveyed and self._unmoved(cases, surveyed)):
            time.sleep(_REST)
            if not self._unmoved(cases, surveyed):
                surveyed = {}
        self._surveyed = surveyed
        self.lot = {*self.before, *surveyed}
        taken = [one.answer.seconds for one in self.before.values()]
        self._patience = max(_LEAST, _SLOWER * max(taken, default=_PATIENCE / _SLOWER))

    def _unmoved(self, cases: Iterable[tuple[int, Case]], surveyed: Mapping[int, Exchange]) -> bool:
        """Ask these before the load; whether each answer is that of the survey, as far as known."""
        self.before = dict(self._ask(cases, _SECONDS))
        again = [(surveyed[n], one) for n, one in self.before.items() if n in surveyed]
        return bool(again) and not any(self.differ(*both) for both in again)

    def _look_up(self) -> dict[int, Exchange]:
        """Answers of the survey to some of the requests, in the order in which they are sent."""
        from harness.contract import Exchange

        asked = {
            (one.case.prepared.method, one.case.prepared.path, one.case.prepared.body): one.answer
            for one in self.contract.survey(self.base_url).exchanges
            if one.comparable
        }
        found = (
            (number, Exchange(case, asked[key], self.base_url))
            for number, case in self._cases()
            if (key := (case.prepared.method, case.prepared.path, case.prepared.body)) in asked
        )
        return dict(itertools.islice(found, WANTED))

    def _calibrate(self) -> Relation | None:
        from harness.contract import Relation, calibrated

        try:
            calibration = calibrated(self.contract, self.base_url)
        except GateError as problem:
            self.problem = str(problem)
            return None
        if not any(item.steady for item in calibration.repeated):
            self.problem = "no request has the same answer twice, one at a time"
            return None
        return Relation.of(OTHER, calibration)

    def _cases(self, wanted: Container[int] | None = None) -> Iterator[tuple[int, Case]]:
        """Requests with their numbers, in order."""
        from harness.contract import Case, Claim, Prepared

        if not self._requests.exists():
            return
        with self._requests.open("rb") as file:
            lines = enumerate(line for line in file if line.strip())
            for number, line in lines:
                if (wanted is None or number in wanted) and self.speaks(number):
                    item = json.loads(line)
                    body = base64.b64decode(item["body"])
                    prepared = Prepared(item["method"], item["path"], item["headers"], body)
                    yield number, Case(item["name"], prepared, Claim.VALID)

    def _ask(
        self, cases: Iterable[tuple[int, Case]], seconds: float
    ) -> Iterator[tuple[int, Exchange]]:
        """One after the other, at least one of them, until one has no answer at all."""
        from harness.contract import Client, Exchange

        ends = time.monotonic() + seconds
        with Client(self.base_url, self._patience) as client:
            for number, case in cases:
                answer = Exchange(case, client.send(case.prepared), self.base_url)
                if answer.answer.error is not None:
                    return
                if answer.comparable:
                    yield number, answer
                if time.monotonic() > ends:
                    return
                time.sleep(_PAUSE)
