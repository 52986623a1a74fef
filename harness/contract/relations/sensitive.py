"""Different requests do not all have one answer: no constant region, no silent fallback.

Only what nobody can explain is an error: the same unrounded number for requests that have nothing
in common, or an answer that changes into one and the same for many requests whose meaning was kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.contract.contract import Contract
from harness.contract.judging.compare import Comparer
from harness.contract.judging.findings import Exchange
from harness.contract.judging.tensors import Broken
from harness.contract.relations.asking import Asker, case_of
from harness.contract.relations.calibration import Calibration, calibrated, known
from harness.contract.relations.change import changed
from harness.contract.relations.regions import Region, regions, scales, texts_in
from harness.contract.relations.relation import Relation
from harness.contract.relations.rows import bench
from harness.contract.requests.cases import dumps
from harness.contract.requests.source import Source
from harness.contract.text import shown
from harness.contract.wire.transport import Layer
from harness.model import Severity

_FEW, _MANY = 8, 32  # different requests that tell with numbers, and with labels alone
_TRIED = 4  # requests of a region; where they have different answers it is not constant
_REGION = 12  # at most, where they have not
_SURE = 6  # of them that had different numbers, and have one
_FLIPPED = 4  # labels that changed into the one
_SATURATED = 0.02  # from 0 and 1: a classifier that is sure of everything
_SWAY = 0.3  # by which a score may move and still say the same, like 0.8 that becomes 1.0
_DECIMALS = 2
_SETTING = re.compile(r"threshold|cutoff|version|temperature")


@dataclass(frozen=True, slots=True)
class _Point:
    """A request of one row and its answer, as far as it must depend on the request."""

    exchange: Exchange
    answer: Any
    key: bytes  # equal for equal answers


@dataclass(slots=True)
class _Look:
    """What is needed to ask, and what was seen."""

    contract: Contract
    asker: Asker
    relation: Relation
    source: Source
    points: list[_Point] = field(default_factory=list)


def sensitive(contract: Contract, base_url: str) -> Relation:
    """All answers so far, and regions of the input in which an answer may be made up.

    `compared` counts different requests of one row. Raises GateError where nothing was answered,
    CandidateNotReady where the service is gone.
    """
    calibration = calibrated(contract, base_url)
    relation = Relation.of("constant", calibration)
    with Asker(base_url) as asker:
        look = _Look(contract, asker, relation, Source.of(contract))
        look.points = _points(contract, base_url, calibration)
        relation.compared = len(look.points)
        if not _constant(look):
            found: set[str] = set()  # what is so for 700 characters is so for 1500
            for region in regions():
                if region.kind not in found and _collapse(look, region):
                    found.add(region.kind)
        relation.left_out = asker.left_out
    relation.notes.append(f"{_distinct(look.points)} different answers to {len(look.points)} rows")
    return relation


def _points(contract: Contract, base_url: str, calibration: Calibration) -> list[_Point]:
    exchanges = known(contract, base_url, 1000)
    if contract.has_batch:
        exchanges += [row.exchange for row in bench(contract, base_url).rows]
    made: dict[bytes, _Point] = {}
    for exchange in exchanges:
        rows = contract.form.split(exchange.case.value)
        if rows is None or len(rows) == 1:
            made.setdefault(dumps(exchange.case.value), _point(contract, calibration, exchange))
    return list(made.values())


def _point(contract: Contract, calibration: Calibration, exchange: Exchange) -> _Point:
    value = calibration.steady(exchange.parsed.value)
    carried = contract.form.carried(value) if contract.form.outputs else []
    answer = contract.form.prediction(value)
    if carried and not isinstance(carried, Broken):
        answer = {tensor.name: tensor.data for tensor in carried}
    return _Point(exchange, answer, repr(answer).encode("utf-8", "surrogatepass"))


def _distinct(points: Sequence[_Point]) -> int:
    return len({point.key for point in points})


def _constant(look: _Look) -> bool:
    """Whether all that was asked so far has one answer; where numbers should differ, an error."""
    points = look.points
    if _distinct(points) > 1 or len(points) < _FEW:
        return _distinct(points) < 2
    telling = _tells(points[0].answer)
    points = points + list(_scaled(look, points))
    if _distinct(points) > 1:
        return False
    if telling or len(points) >= _MANY:
        sure = telling and (len(points) >= _MANY or not _is_rounded(points[0].answer))
        message = f"{len(points)} different requests have one and the same answer"
        # Drawn rows may well all be of one class: without numbers that is only told.
        unsure = Severity.WARNING if telling else Severity.INFO
        _add(look, points[-1], message, Severity.ERROR if sure else unsure)
    return True


def _add(look: _Look, point: _Point, message: str, severity: Severity) -> None:
    found = point.exchange.finding(
        look.relation.rule,
        Layer.INFERENCE,
        message,
        severity=severity,
        expected="an answer that depends on the request",
        received=shown(point.answer),
    )
    look.relation.findings.append(found)


def _tells(answer: Any) -> bool:
    """Whether it holds a number that two different inputs hardly ever have in common."""
    reals = [real for real in _reals(answer) if min(abs(real), abs(1 - abs(real))) > _SATURATED]
    return bool(reals)


def _is_rounded(answer: Any) -> bool:
    """Whether its numbers have so few decimals that different ones may be written alike."""
    return all(real == round(real, _DECIMALS) for real in _reals(answer))


def _reals(value: Any) -> Iterator[float]:
    """The numbers of an answer that are no settings of the model."""
    if isinstance(value, dict):
        for name, item in value.items():
            if not _SETTING.search(name.lower()):
                yield from _reals(item)
    elif isinstance(value, list):
        for item in value:
            yield from _reals(item)
    elif isinstance(value, float):
        yield value


def _scaled(look: _Look, points: Sequence[_Point]) -> Iterator[_Point]:
    """Numbers of other magnitudes, where no range says which: a tree may know only large ones."""
    for region in scales():
        for point in points[:_TRIED]:
            yield from _asked(look, point, region)


def _collapse(look: _Look, region: Region) -> bool:
    """Whether requests with different answers all have one, once they are of this region."""
    before: list[_Point] = []
    after: list[_Point] = []
    for point in _alternating(look.points):
        if len(after) >= (_TRIED if _distinct(after) > 1 else _REGION):
            break
        for moved in _asked(look, point, region):
            if all(moved.exchange.case.value != one.exchange.case.value for one in after):
                before.append(point)
                after.append(moved)
    look.relation.compared += len(after)
    if len(after) < _TRIED or _distinct(after) > 1 or _distinct(before) < 2:
        return False
    pairs = zip(before, after, strict=True)
    flipped = sum(Comparer(_SWAY).difference(a.answer, b.answer) is not None for a, b in pairs)
    telling = _tells(after[0].answer) and _distinct(before) >= _TRIED
    # Labels at the far ends of numbers may well be one; of texts that say the same they may not.
    if not telling and (not region.keeps_meaning or len(after) < _FEW or flipped < _FLIPPED // 2):
        return False
    sure = region.promised and (len(after) >= _SURE if telling else flipped >= _FLIPPED)
    message = (
        f"{region.name}: {len(after)} different requests have one and the same answer, "
        f"and had {_distinct(before)} before"
    )
    # A tree or a saturated model has one answer far out, where nobody said that clients go.
    unsure = Severity.WARNING if region.promised else Severity.INFO
    _add(look, after[-1], message, Severity.ERROR if sure else unsure)
    return True


def _alternating(points: Sequence[_Point]) -> Iterator[_Point]:
    """One of each answer, then a second of each, and so on."""
    groups: dict[bytes, list[_Point]] = {}
    for point in points:
        groups.setdefault(point.key, []).append(point)
    for turn in range(max(map(len, groups.values()), default=0)):
        for group in groups.values():
            if turn < len(group):
                yield group[turn]


def _asked(look: _Look, point: _Point, region: Region) -> Iterator[_Point]:
    """The request of a point, changed: its answer, where the contract and the service allow it."""
    form, value = look.contract.form, point.exchange.case.value
    change = region.change(_alike(look, point))
    rows = form.split(value)
    if rows is not None:
        row = changed(rows[0], form.inputs, change)
        request = None if row is None else form.join([row])
    else:
        request = changed(value, form.inputs, change)
    if request is None or look.source.refutes(request):
        return
    case = case_of(look.contract, f"{point.exchange.case.name}, {region.name}", request)
    exchange = look.asker.ask(case)
    if exchange is not None and exchange.comparable:
        yield _point(look.contract, look.relation.calibration, exchange)


def _alike(look: _Look, point: _Point) -> list[str]:
    """Texts that have the same answer."""
    same = [one for one in look.points if one.key == point.key][:_REGION]
    return [text for one in same for text in texts_in(one.exchange.case.value)]
