"""The same requests asked quietly: what answers under load are held against, fast or not."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import GateError
from harness.load.driving.record import Kept

if TYPE_CHECKING:
    from harness.contract import Case, Contract, Exchange, Relation

OTHER = "other-answer"  # rule of findings

_PAUSE = 0.01  # seconds between two quiet requests: what comes faster may itself be a load
_REST = 1.0  # seconds, where it is not sure that others have not just asked a lot
_AGAIN = 12  # requests that are asked again before the load: are the survey's answers still right?
_BEFORE = 24  # requests that are asked before the load where the survey asked fewer than that
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
        self._twice: Set[int] = frozenset()  # of `before`: those had the same answer in the survey
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
            self._correct(number)
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

    def turned(self, request: int, again: Sequence[Exchange]) -> tuple[bool, int] | None:
        """Whether the answers became others for good just when there was load, of how many times.

        None where they never did or more than once, and for what was not asked right before the
        load. False is at least as likely by chance at each of the other times as True at this one.
        """
        first = self.before.get(request)
        if first is None or len(again) < 2:
            return None
        earlier = [first] * (2 if request in self._twice else 1)
        turns = [self.differ(*both) for both in itertools.pairwise([*earlier, *again])]
        return (turns[len(earlier) - 1], len(turns)) if sum(turns) == 1 else None

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
        from harness.contract import Case, Claim, Prepared

        case = Case("", Prepared("POST", "/"), Claim.VALID)
        return self._several(self.exchange(case, answer) for answer in answers)

    def _several(self, exchanges: Iterable[Exchange]) -> bool:
        first, *others = exchanges
        return any(self.differ(first, other) for other in others)

    def exchange(self, case: Case, kept: Kept) -> Exchange:
        """An answer under load to a request."""
        from harness.contract import Answer, Exchange

        answer = Answer(kept.status, tuple(kept.headers.items()), kept.body)
        return Exchange(case, answer, self.base_url)

    def speaks(self, request: int) -> bool:
        """Whether the contract speaks of a request: no other is asked."""
        return self._promised is None or request in self._promised

    def _correct(self, number: int) -> None:
        """Where two quiet answers agree to contradict the survey, it tells of former times."""
        known, later = self._surveyed.get(number), self._after[number][-2:]
        if known is None or number in self.before or len(later) < 2:
            return
        if self.differ(known, later[1]) and not self.differ(*later):
            self._surveyed = {}

    def _begin(self) -> None:
        """Ask some requests; where the survey's answers are still the same, all of them count."""
        surveyed = self._look_up()
        cases = [(number, one.case) for number, one in surveyed.items()][:_AGAIN]
        if len(cases) == _AGAIN:
            self.before = dict(self._ask(cases, _SECONDS))
        else:
            others = (item for item in self._cases() if item[0] not in surveyed)
            cases += itertools.islice(others, _BEFORE - len(cases))
        if not (self._holds(surveyed) and self._several(self.before.values())):
            time.sleep(_REST)
            self.before.update(self._ask(cases, _SECONDS))
        self._surveyed = surveyed if self._holds(surveyed) else {}
        self._twice = self.before.keys() & self._surveyed.keys()
        self.lot = {*self.before, *self._surveyed}
        taken = [one.answer.seconds for one in self.before.values()]
        self._patience = max(_LEAST, _SLOWER * max(taken, default=_PATIENCE / _SLOWER))

    def _holds(self, surveyed: Mapping[int, Exchange]) -> bool:
        """Whether enough of the survey's answers were given again."""
        again = [(surveyed[n], one) for n, one in self.before.items() if n in surveyed]
        return len(again) >= _AGAIN and not any(self.differ(*both) for both in again)

    def _look_up(self) -> dict[int, Exchange]:
        """Answers of the survey to the requests, in the order in which they are sent."""
        from harness.contract import Exchange

        asked = {
            _key(one.case): one.answer
            for one in self.contract.survey(self.base_url).exchanges
            if one.comparable
        }
        return {
            number: Exchange(case, asked[key], self.base_url)
            for number, case in self._cases()
            if (key := _key(case)) in asked
        }

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


def _key(case: Case) -> tuple[object, ...]:
    """What makes two requests the same, to the byte."""
    sent = case.prepared
    return sent.method, sent.path, frozenset(sent.headers.items()), sent.body, sent.chunked
