"""One measurement over many reports: the line, how sure it was, its limit, and where it broke."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from markupsafe import Markup

from harness.limits import Limit
from harness.model import Outcome
from harness.report import numbers
from harness.report.charts import parts
from harness.report.charts.lines import field
from harness.report.charts.parts import LABEL
from harness.report.svg import Scale, percent, picture, tag

HEIGHT = 90  # pixels of the plot
_AIR = 6  # pixels above and below, so that no shape reaches over the edge
_COLUMNS = 240  # more points than that share a column: its least and its greatest are drawn
_DOTTED = 60  # up to so many points each has a dot of its own
_LINKED = 20  # of the points that did not pass, the last so many lead to their reports
_FAR = 3  # a limit further away than this many times the greatest value is only told
_DECADES = 300  # from this ratio on the scale is logarithmic
_SHAPES = {
    Outcome.FAILED: "M-2 -5h4l3 3v4l-3 3h-4l-3 -3v-4z",
    Outcome.INCONCLUSIVE: "M0 -6L6 0 0 6-6 0z",
    Outcome.ERRORED: "M0 -6L6 5-6 5z",
}


class Step(Protocol):
    """The measurement in one report, in the unit of the whole trend."""

    @property
    def value(self) -> float:
        """What was measured."""

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""

    @property
    def limit(self) -> str | None:
        """As it was written; None for information."""

    @property
    def outcome(self) -> str | None:
        """How it was judged; None for information."""


class Link(NamedTuple):
    """A report that a step is of."""

    address: str
    about: str  # what a reader is told when he points at it


_Places = list[tuple[float, Step, Link]]  # each step at its place across, from 0 to 1


def draw(
    name: str, unit: str, steps: Sequence[Step | None], links: Sequence[Link], ends: tuple[str, str]
) -> Markup:
    """The picture of at least one step, oldest first; None where a report did not measure it.

    `links` are as many as `steps`; `ends` say when the first and the last report were made.
    """
    taken = [step for step in steps if step is not None]
    bounds = [_bound(step.limit or "", unit) for step in taken]
    up = _scale(_numbers(taken), {bound for bound, _ in filter(None, bounds)}, unit)
    across = Scale(0, len(steps) - 1)
    both = zip(steps, links, strict=True)
    places = [(across(i), step, link) for i, (step, link) in enumerate(both) if step is not None]
    return picture(
        _spoken(name, unit, taken),
        HEIGHT + LABEL + 3,
        field(
            _AIR,
            HEIGHT - 2 * _AIR,
            *_limits([place[0] for place in places], bounds, up),
            _band(places, up),
            _line(places, up),
            *_early(places, up),
        ),
        tag("line", class_="axis", x1=0, x2="100%", y1=HEIGHT, y2=HEIGHT),
        *_dots(places, up),
        *parts.ends(*ends, HEIGHT + 15),
        class_="chart trend",
    )


def _numbers(taken: Sequence[Step]) -> list[float]:
    return [x for step in taken for x in (step.value, step.low, step.high) if x is not None]


def _scale(values: list[float], bounds: set[float], unit: str) -> Scale:
    """Around the values, and those limits that are near: a far one would flatten the line."""
    low, high = min(values), max(values)
    reach = _FAR * max(abs(low), abs(high), high / 2 - low / 2)
    near = [bound for bound in bounds if low - reach <= bound <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    if low > 0 and high / low > _DECADES:
        return Scale(low / 1.3, high * 1.3, logarithmic=True)
    return Scale.around([low, high], unit)


@lru_cache(maxsize=1_000)  # a history repeats the same few
def _bound(limit: str, unit: str) -> tuple[float, str] | None:
    """The limit's value in `unit` and its operator; None where it cannot be drawn."""
    try:
        parsed = Limit.parse(limit)
        bound = parsed.in_unit(unit)
    except ValueError:
        return None
    return (bound, parsed.operator) if math.isfinite(bound) else None


def _spoken(name: str, unit: str, taken: Sequence[Step]) -> str:
    """What the picture shows, for those who hear it."""
    values = [step.value for step in taken]
    last = taken[-1]
    parts = [
        f"{name} in {len(taken)} reports",
        f"between {numbers.number(min(values))} and {numbers.quantity(max(values), unit)}",
        f"last {numbers.quantity(last.value, unit)}",
    ]
    return ", ".join(parts + ([f"limit {last.limit}"] if last.limit else []))


def _limits(
    places: list[float], bounds: list[tuple[float, str] | None], up: Scale
) -> Iterator[Markup]:
    """Each stretch over which one limit held: where a value may be, and the line itself."""
    start = 0
    for end in range(1, len(bounds) + 1):
        held = bounds[start]
        if end < len(bounds) and bounds[end] == held:
            continue
        if held is not None:
            left = places[start] * 1000 if start else 0.0
            right = places[end] * 1000 if end < len(places) else 1000.0
            yield from _limit(left, right, held, up)
        start = end


def _limit(left: float, right: float, held: tuple[float, str], up: Scale) -> Iterator[Markup]:
    bound, operator = held
    at = 100 - up(bound) * 100
    if operator != "==":
        top, bottom = (at, 100.0) if operator.startswith("<") else (0.0, at)
        yield tag(
            "rect",
            class_="allowed",
            x=f"{left:.0f}",
            y=f"{top:.1f}",
            width=f"{right - left:.0f}",
            height=f"{bottom - top:.1f}",
        )
    if not up.low <= bound <= up.high:
        return
    yield tag(
        "path",
        class_="bound",
        d=f"M{left:.0f} {at:.1f}H{right:.0f}",
        vector_effect="non-scaling-stroke",
    )


def _columns(places: _Places) -> list[_Places]:
    """The points by column of the picture, which has no more of them than can be told apart."""
    size = -(-len(places) // _COLUMNS)
    return [places[start : start + size] for start in range(0, len(places), size)]


def _line(places: _Places, up: Scale) -> Markup:
    """From each column its least and its greatest: a spike stays in sight."""
    points = []
    for column in _columns(places):
        ends = {min(column, key=_value), max(column, key=_value)}
        points += sorted((x * 1000, 100 - up(step.value) * 100) for x, step, _ in ends)
    drawn = "M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in points)
    return tag("path", class_="s0", d=drawn, vector_effect="non-scaling-stroke")


def _value(place: tuple[float, Step, Link]) -> float:
    return place[1].value


def _band(places: _Places, up: Scale) -> Markup:
    """The intervals, as one shape that is as wide as they are."""
    upper, lower = [], []
    for column in _columns(places):
        steps = [step for _, step, _ in column]
        low = min(step.value if step.low is None else step.low for step in steps)
        high = max(step.value if step.high is None else step.high for step in steps)
        x = f"{column[0][0] * 1000:.0f}"
        upper.append(f"{x} {100 - up(high) * 100:.1f}")
        lower.append(f"{x} {100 - up(low) * 100:.1f}")
    if upper == lower:
        return Markup("")
    return tag("path", class_="band", d="M" + "L".join([*upper, *reversed(lower)]) + "Z")


def _early(places: _Places, up: Scale) -> Iterator[Markup]:
    """What did not pass before the last few: one path of dots, not hundreds of pictures."""
    bad = [place for place in places if place[1].outcome in _SHAPES][:-_LINKED]
    for outcome in _SHAPES:
        dots = {
            f"M{x * 1000:.0f} {100 - up(step.value) * 100:.0f}h0"
            for x, step, _ in bad
            if step.outcome == outcome
        }
        if dots:
            drawn = "".join(sorted(dots))
            yield tag(
                "path", class_=f"early {outcome}", d=drawn, vector_effect="non-scaling-stroke"
            )


def _dots(places: _Places, up: Scale) -> Iterator[Markup]:
    """What passed, where there is room for it; then what did not, each in the shape of a sign."""
    if len(places) <= _DOTTED:
        for x, step, link in places:
            if step.outcome not in _SHAPES:
                yield _linked(_placed(x, step, up, tag("circle", class_="dot", r=3)), link)
    bad = [place for place in places if place[1].outcome in _SHAPES]
    for x, step, link in bad[-_LINKED:]:
        yield _linked(_placed(x, step, up, _shape(step)), link)


def _shape(step: Step) -> Markup:
    return tag("path", class_=f"shape {step.outcome}", d=_SHAPES[Outcome(str(step.outcome))])


def _linked(drawn: Markup, link: Link) -> Markup:
    """For the mouse only: the keyboard has the table of reports, which names them all."""
    return tag("a", tag("title", link.about), drawn, href=link.address, tabindex="-1")


def _placed(x: float, step: Step, up: Scale, shape: Markup) -> Markup:
    """A shape of its own size at a place that stretches with the picture."""
    y = HEIGHT - _AIR - up(step.value) * (HEIGHT - 2 * _AIR)
    return tag("svg", shape, x=percent(x), y=f"{y:.1f}", overflow="visible")
