"""Answers under load that are others than quiet ones: whether that is the load's doing."""

from __future__ import annotations

import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import binomial
from harness.load.driving.quiet import OTHER, Quiet
from harness.load.driving.record import Kept
from harness.load.statistics.shares import by_chance
from harness.model import Finding, Severity

if TYPE_CHECKING:
    from harness.contract import Exchange

REASON = f"{OTHER}: not the answer that the same request gets when it is asked alone"

_WANTED = 56  # requests with a quiet answer, beside those whose answers were not all the same
_LOOKING = 0.6  # seconds of looking for these
_REPEATED = 12  # requests that are asked again, where answers under load are others
_MOST_REPEATS = 480
_REPEATING = 8.0  # seconds, which only a service takes that is wrong now and then
_ROUNDS = 2  # at least: one repeat alone does not tell which of two answers is the usual one
_SETTLED = 6  # before it is said that answers are no better now: a service may need a while
_LASTING = 8  # where answers have become others, of which it is not sure whether they stay
_LATEST = 2
_SURE = 0.001  # risk that a service which is as restless when it is asked alone is blamed
_UNLIKELY = 0.01  # below it the service's own restlessness does not well explain what was seen
_SHOWN = 3

Times = Mapping[int, int]  # answer id -> how often it came


@dataclass(frozen=True, slots=True)
class Strays:
    """Answers of one phase that are others than quiet ones."""

    ids: frozenset[int] = frozenset()  # of answers that are surely the load's doing
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Count:
    """Answers that are others under load, among answers to so many requests."""

    differing: int
    answers: int
    requests: int

    def by_chance(self, alone: _Alone) -> float:
        """How likely that is where load makes no difference.

        Answers to one request hang together where the service is restless: then a request counts
        once, however often it was asked.
        """
        if not alone.unusual:
            return by_chance(self.differing, self.answers, 0, alone.asked)
        if not self.answers:
            return 1.0
        under_load = round(self.differing / self.answers * self.requests)
        quietly = math.ceil(alone.unusual / alone.asked * alone.requests)
        return by_chance(under_load, self.requests, quietly, alone.requests)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Answers under load that have a quiet one beside them."""

    other: Mapping[int, list[Kept]]  # by request: those that differ
    compared: int
    drawn: _Count  # of requests that were chosen without a look at their answers
    whole: _Count  # of all that were looked at: those that had one answer only count as right

    @property
    def differing(self) -> int:
        """Answers of any request that differ."""
        return self.whole.differing


@dataclass(frozen=True, slots=True)
class _Alone:
    """What some of the same requests get when they are asked quietly, round after round."""

    unusual: int  # answers that are not the expected one, in the later rounds
    asked: int  # in those: in the first ones it may still be the load's doing
    requests: int
    latest: tuple[int, int]  # the same two of the last rounds
    rounds: int
    changed: int  # requests that have another answer since the load, which stays
    unchanged: int  # the same at another time than that of the load
    times: int  # at so many times they could have become others

    def explains(self, seen: _Seen) -> float:
        """How likely what was seen is where load makes no difference; looked at in two ways."""
        return min(1.0, 2 * min(seen.drawn.by_chance(self), seen.whole.by_chance(self)))

    def blames(self, seen: _Seen) -> bool:
        """Whether the load surely made answers others, while it lasted or for good.

        Where chance makes answers others for good, the time of the load is no likelier than others.
        """
        since = binomial.at_least(self.changed, self.changed + self.unchanged, 1 / self.times)
        return min(since, self.explains(seen)) <= _SURE

    def decides(self, seen: _Seen) -> bool:
        """Whether asking on would not change what is said."""
        if not seen.differing or self.blames(seen):
            return True
        lasting = self.changed > self.unchanged and self.rounds < _LASTING
        return self.rounds >= _SETTLED and self.matches(seen) and not lasting

    def matches(self, seen: _Seen) -> bool:
        """Whether asking on would only show more of the same: alone it is no better."""
        shares = ((self.unusual, self.asked), self.latest)
        return all(k * seen.compared >= seen.differing * n > 0 < k for k, n in shares)


def find(quiet: Quiet, kept: Sequence[Kept], times: Times) -> Strays:
    """Which of the answers of a phase that has just ended are others than quiet ones.

    Asked again are requests that had several answers under load, and some drawn by lot. Whether a
    difference is the load's doing is decided against the service's own restlessness: the same
    requests are asked quietly on and on, and only a share of other answers that is surely larger
    under load counts.
    """
    mine = [answer for answer in kept if answer.id in times and quiet.speaks(answer.request)]
    looked = _refer(quiet, mine)
    seen = _compare(quiet, mine, times, looked)
    if not seen.differing:
        return Strays()
    seen, alone = _repeat(quiet, seen, lambda: _compare(quiet, mine, times, looked))
    tolerated = OTHER in quiet.contract.tolerated
    if not seen.differing or not alone.blames(seen):
        return Strays(findings=(_open(seen, alone, tolerated),))
    found = _told(quiet, seen, times, Severity.WARNING if tolerated else Severity.ERROR)
    ids = (answer.id for answers in seen.other.values() for answer in answers)
    return Strays(frozenset(() if tolerated else ids), found)


def _refer(quiet: Quiet, kept: Sequence[Kept]) -> set[int]:
    """Have quiet answers to some more requests, the suspicious ones first; all it looked at."""
    by_request: dict[int, list[Kept]] = defaultdict(list)
    for answer in kept:
        by_request[answer.request].append(answer)
    looked = set(quiet.known)
    odd: list[int] = []
    new = [number for number in by_request if number not in looked]
    random.Random(len(kept)).shuffle(new)
    ends = time.monotonic() + _LOOKING
    for number in new:
        if time.monotonic() > ends or len(odd) == _REPEATED:
            break
        looked.add(number)
        if quiet.several(by_request[number]):
            odd.append(number)
    wanted = max(0, _WANTED - len(quiet.lot & by_request.keys()))
    drawn = [number for number in new if number not in odd][:wanted]
    quiet.lot.update(quiet.ask([*odd, *drawn]).keys() - set(odd))
    return looked | quiet.known


def _compare(quiet: Quiet, kept: Sequence[Kept], times: Times, looked: Container[int]) -> _Seen:
    other: dict[int, list[Kept]] = defaultdict(list)
    answers, compared, differing = Counter[int](), Counter[int](), Counter[int]()
    references = {number: quiet.reference(number) for number in {one.request for one in kept}}
    for answer in kept:
        number, count = answer.request, times[answer.id]
        answers[number] += count if number in looked else 0
        alone = references[number]
        if alone is None:
            continue
        received = quiet.exchange(alone.case, answer)
        if received.answer.body != alone.answer.body and not received.comparable:
            continue  # what is no JSON at all the contract says
        compared[number] += count
        if quiet.differ(alone, received):
            other[number].append(answer)
            differing[number] += count
    drawn = [number for number in compared if number in quiet.lot]
    return _Seen(
        other,
        compared.total(),
        _Count(
            sum(differing[number] for number in drawn),
            sum(compared[number] for number in drawn),
            len(drawn),
        ),
        _Count(differing.total(), answers.total(), len(+answers)),
    )


def _repeat(quiet: Quiet, seen: _Seen, compare: Callable[[], _Seen]) -> tuple[_Seen, _Alone]:
    """Ask some of the same requests on and on, until that tells whether load is to blame.

    What was seen is compared anew each time: repeats may show which answer is the usual one.

    They are those that had other answers under load, which are the most restless ones where
    chance is to blame: that makes the comparison milder than it had to be, never stricter.
    """
    chosen = _chosen(quiet, sorted(seen.other))
    ends = time.monotonic() + _REPEATING
    rounds: list[Mapping[int, Exchange]] = []
    while True:
        rounds.append(quiet.ask(chosen, ends - time.monotonic()))
        alone, seen = _alone(quiet, rounds), compare()
        enough = sum(map(len, rounds)) >= _MOST_REPEATS or time.monotonic() > ends
        if enough or not rounds[-1] or (len(rounds) >= _ROUNDS and alone.decides(seen)):
            return seen, alone


def _chosen(quiet: Quiet, other: Sequence[int]) -> list[int]:
    """First those of which it can be told whether they have had another answer since the load."""
    firm = [number for number in other if number in quiet.before][:_REPEATED]
    rest = [number for number in other if number not in firm]
    return [*firm, *rest[:: max(1, len(rest) // _REPEATED)]][:_REPEATED]


def _alone(quiet: Quiet, rounds: Sequence[Mapping[int, Exchange]]) -> _Alone:
    turned = [quiet.turned(number, them) for number, them in _by_request(rounds).items()]
    since = [one[0] for one in turned if one is not None]
    later = _by_request(rounds[min(len(rounds) // 2, _SETTLED) :])
    latest = _by_request(rounds[-_LATEST:])
    return _Alone(
        unusual=_unusual(quiet, later),
        asked=sum(map(len, later.values())),
        requests=len(later),
        latest=(_unusual(quiet, latest), sum(map(len, latest.values()))),
        rounds=len(rounds),
        changed=since.count(True),
        unchanged=since.count(False),
        times=min((one[1] for one in turned if one is not None), default=2),
    )


def _by_request(rounds: Sequence[Mapping[int, Exchange]]) -> dict[int, list[Exchange]]:
    found: dict[int, list[Exchange]] = defaultdict(list)
    for told in rounds:
        for number, answer in told.items():
            found[number].append(answer)
    return found


def _unusual(quiet: Quiet, again: Mapping[int, Sequence[Exchange]]) -> int:
    return sum(quiet.unusual(number, them) for number, them in again.items())


def _told(quiet: Quiet, seen: _Seen, times: Times, severity: Severity) -> tuple[Finding, ...]:
    relation = quiet.relation()
    counts = {number: sum(times[one.id] for one in them) for number, them in seen.other.items()}
    whole = (
        f"{seen.differing} of {seen.compared} answers that were compared are others under load "
        "than alone"
    )
    for number in sorted(counts, key=lambda number: -counts[number])[:_SHOWN]:
        alone = quiet.reference(number)
        worst = max(seen.other[number], key=lambda answer: times[answer.id])
        assert alone is not None
        received = quiet.exchange(alone.case, worst)
        found = relation.answers_differ(quiet.contract, alone, received)
        assert found is not None
        message = f"{whole}; to this request {counts[number]}{_whose(quiet, number, received)}"
        relation.report(received, message, found, "as alone", severity)
    return tuple(relation.findings)


def _whose(quiet: Quiet, number: int, received: Exchange) -> str:
    """A hint where it is the answer that few other requests get."""
    others = [quiet.reference(one) for one in quiet.known if one != number]
    alike = sum(one is not None and not quiet.differ(one, received) for one in others)
    return ", the answer that belongs to another one" if 0 < alike < len(others) / 4 else ""


def _open(seen: _Seen, alone: _Alone, tolerated: bool) -> Finding:
    """What is said where the load is not surely to blame."""
    both = (
        f"{seen.differing} of {seen.compared} answers that were compared are others under load "
        f"than alone, where {alone.unusual} of {alone.asked} were not the expected one"
    )
    if not seen.differing or (alone.unusual and alone.explains(seen) > _UNLIKELY):
        return Finding(OTHER, f"{both}: load is not to blame", severity=Severity.INFO)
    severity = Severity.WARNING if tolerated else Severity.DOUBT
    text = f"{both}: too few to tell from chance; raise load.duration"
    return Finding(OTHER, text, severity=severity, expected="the same answer as alone")
