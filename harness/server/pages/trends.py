"""Small multiples: each measurement of a candidate over its reports."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness import units
from harness.ledger import Point, Sample
from harness.model import Outcome
from harness.report import numbers, trend
from harness.server.pages.words import day, since

_MOST = 60  # plots on a page
_BAD = (Outcome.FAILED, Outcome.ERRORED, Outcome.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Trend:
    """One plot, and what stands around it."""

    name: str
    value: str  # in the last report that has it
    limit: str
    outcome: str  # "info" where it has no limit
    picture: Markup
    told: str


def draw(
    samples: list[Sample], root: str, now: dt.datetime, *, everything: bool
) -> tuple[list[Trend], int]:
    """The plots of measurements that have a limit, or of everything; and how many have none.

    `samples` are oldest first; what keeps the gate closed today comes first.
    """
    columns: dict[str, list[Point | None]] = {}
    for index, sample in enumerate(samples):
        for name, point in sample.points.items():
            if name not in columns:
                columns[name] = [None] * len(samples)
            columns[name][index] = point
    limited = {
        name: column for name, column in columns.items() if any(p and p.limit for p in column)
    }
    chosen = columns if everything else limited
    links = [_link(sample, root) for sample in samples]
    days = [day(sample.finished_at) for sample in samples[:1] + samples[-1:]]
    ends = (days[0], days[-1] if days[-1] != days[0] else "") if days else ("", "")
    shown = sorted(chosen.items(), key=lambda item: _rank(item[1]))[:_MOST]
    drawn = [_trend(name, column, links, ends, samples, now) for name, column in shown]
    return drawn, len(columns) - len(limited)


def span(samples: list[Sample]) -> str:
    """`128 reports, 3 Aug 2026 to 21 Nov 2026`."""
    if not samples:
        return ""
    count = f"{len(samples):,} report{'' if len(samples) == 1 else 's'}"
    first, last = day(samples[0].finished_at), day(samples[-1].finished_at)
    return f"{count}, {last}" if first == last else f"{count}, {first} to {last}"


def _trend(
    name: str,
    column: list[Point | None],
    links: Sequence[trend.Link],
    ends: tuple[str, str],
    samples: list[Sample],
    now: dt.datetime,
) -> Trend:
    last = next(point for point in reversed(column) if point is not None)
    steps = [point and _in_unit(point, last.unit) for point in column]
    return Trend(
        name=name,
        value=numbers.quantity(last.value, last.unit),
        limit=last.limit or "",
        outcome=last.outcome or "info",
        picture=trend.draw(name, last.unit, steps, links, ends),
        told=_told(steps, last.unit, samples, now),
    )


def _told(steps: list[Point | None], unit: str, samples: list[Sample], now: dt.datetime) -> str:
    """`4.1 to 8 ms; 3 failed, last 4 d ago`."""
    values = [point.value for point in steps if point is not None]
    least, most = numbers.number(min(values)), numbers.quantity(max(values), unit)
    parts = [f"{least} to {most}" if min(values) < max(values) else f"{most} throughout"]
    bad = [index for index, point in enumerate(steps) if point and point.outcome in _BAD]
    counts = Counter(point.outcome for point in steps if point)
    if len(values) == 1:
        parts = ["measured once"]
    if bad:
        said = ", ".join(f"{counts[one]} {one}" for one in _BAD if counts[one])
        parts.append(f"{said}, last {since(now, samples[bad[-1]].finished_at)}")
    return "; ".join(parts)


def _rank(column: list[Point | None]) -> tuple[bool, bool]:
    """What is not well in the last report first, then what has a limit; else as reported."""
    last = next((point for point in reversed(column) if point is not None), None)
    well = last is None or column[-1] is None or last.outcome not in _BAD
    return well, last is None or last.limit is None


def _link(sample: Sample, root: str) -> trend.Link:
    about = f"{sample.verdict}, {numbers.moment(sample.finished_at)}"
    return trend.Link(f"{root}/reports/{sample.id}", about)


def _in_unit(point: Point, unit: str) -> Point | None:
    """The point in the unit of the last report; None where that is of another dimension."""
    if point.unit == unit:
        return point
    try:
        if units.dimension(point.unit) != units.dimension(unit):
            return None
        by = units.to_base(1.0, point.unit) / units.to_base(1.0, unit)
    except ValueError:
        return None
    ends = [None if end is None else end * by for end in (point.low, point.high)]
    return point._replace(value=point.value * by, low=ends[0], high=ends[1], unit=unit)
