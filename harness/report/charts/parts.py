"""What several pictures have in common."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from harness.report.svg import tag

HEIGHT = 96  # pixels of a plot
LABEL = 17  # pixels of a line of labels

_CLOSE = 0.2  # labels nearer than this share of the width go into lines of their own


def ends(first: str, last: str, y: int) -> tuple[Markup, Markup]:
    """The two labels below a plot, at `y` pixels."""
    return (
        tag("text", first, class_="label", x=0, y=y),
        tag("text", last, class_="label", x="100%", y=y, text_anchor="end"),
    )


def leaning(place: float, text: str) -> str:
    """The text-anchor of a label at `place` that a narrow screen does not cut off."""
    room = min(0.45, len(text) * 0.01)
    return "start" if place < room else "end" if place > 1 - room else "middle"


def stacked(places: Sequence[float]) -> list[int]:
    """For each label, from left to right, the line in which it does not touch the one before.

    `places` rise, from 0 to 1; a label goes into the first line that is free.
    """
    used: list[float] = []
    chosen = []
    for place in places:
        free = (n for n, end in enumerate(used) if place - end >= _CLOSE)
        line = next(free, len(used))
        if line == len(used):
            used.append(place)
        used[line] = place
        chosen.append(line)
    return chosen


def legend(names: list[str], class_: str) -> Markup:
    """What the colours stand for, where there is more than one."""
    if len(names) < 2:
        return Markup("")
    entries = [tag("span", tag("i", class_=f"s{index}"), name) for index, name in enumerate(names)]
    return tag("p", *entries, class_=class_)
