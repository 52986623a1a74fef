"""Drawing: text that cannot break out of its element, scales that stay crisp on any width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from harness.report.escape import visible


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """An element; children and attributes are escaped, `class_` and `text_anchor` are respelt."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_harmless(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(_harmless(child) for child in children)
    return Markup(f"<{name}{written}>{inside}</{name}>")  # thousands a page: `format` is too slow


def _harmless(value: object) -> Markup:
    return value if isinstance(value, Markup) else escape(visible(str(value)))


def picture(label: str, height: int, *children: object, class_: str = "chart") -> Markup:
    """An SVG as wide as its place; x runs in percent, y in pixels. `label` is read aloud."""
    return tag(
        "svg", *children, class_=class_, role="img", aria_label=label, width="100%", height=height
    )


def percent(share: float) -> str:
    """A place between 0 and 1 as a coordinate."""
    return f"{min(1.0, max(0.0, share)) * 100:.2f}%"


def anchored(share: float) -> str:
    """The text-anchor that keeps a label at `share` inside the picture."""
    return "start" if share < 0.12 else "end" if share > 0.88 else "middle"


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps numbers from `low`..`high` to 0..1, by their logarithm where they span decades."""

    low: float
    high: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The place of `value`, kept between 0 and 1."""
        low, high = self.low, self.high
        if self.logarithmic:
            value = max(value, low)
            low, high, value = math.log(low), math.log(high), math.log(value)
        # Halved, so that numbers near the largest float do not overflow.
        width = high / 2 - low / 2
        place = 0.5 if width <= 0 else (value / 2 - low / 2) / width
        return min(1.0, max(0.0, place))

    @classmethod
    def around(cls, values: Sequence[float], unit: str) -> Scale:
        """A scale with some air that shows zero where zero is near, and no more than 100 %."""
        low, high = min(values), max(values)
        if 0 < low < 0.7 * high:
            low = 0.0
        if high < 0 and high > 0.7 * low:
            high = 0.0
        air = (high / 10 - low / 10) or abs(high) / 10 or 1.0
        top = min(high + air, 100.0) if unit == "%" and high <= 100 else high + air
        return cls(max(low - air, 0.0) if low >= 0 else low - air, top if high else 0.0)
