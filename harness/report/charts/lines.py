"""Lines of many points: broken where nothing was measured, thinned without losing a peak."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from harness.report.svg import Scale, tag

MOST = 1_000  # points of one line


def line(
    x: Sequence[float], y: Sequence[float | None], across: Scale, up: Scale, class_: str
) -> Markup:
    """A path in a view box of 1000 by 100."""
    places = [
        None if value is None else (across(place) * 1000, 100 - up(value) * 100)
        for place, value in zip(x, y, strict=True)
    ]
    return tag("path", class_=class_, d=_path(_thinned(places)), vector_effect="non-scaling-stroke")


def field(y: float, height: float, *children: Markup) -> Markup:
    """The plot at `y` pixels that stretches such paths over the width."""
    return tag(
        "svg",
        *children,
        x=0,
        y=y,
        width="100%",
        height=height,
        viewBox="0 0 1000 100",
        preserveAspectRatio="none",
    )


def _thinned(
    places: list[tuple[float, float] | None],
) -> list[tuple[float, float] | None]:
    """Of each stretch the highest point, where there are too many: a spike must stay in sight."""
    step = -(-len(places) // MOST)
    if step <= 1:
        return places
    kept: list[tuple[float, float] | None] = []
    for start in range(0, len(places), step):
        stretch = places[start : start + step]
        seen = [place for place in stretch if place is not None]
        kept.append(min(seen, key=lambda place: place[1]) if seen else None)
    return kept


def _path(places: list[tuple[float, float] | None]) -> str:
    parts: list[str] = []
    pen = "M"
    for place in places:
        if place is None:
            pen = "M"
            continue
        parts.append(f"{pen}{place[0]:.1f} {place[1]:.2f}")
        pen = "L"
    return "".join(parts)
