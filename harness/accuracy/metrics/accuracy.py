"""Share of rows whose class is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.accuracy.metrics.base import Measured, View
from harness.accuracy.metrics.rows import measure_rows
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Scheme

KIND = "classes"


def fits(scheme: Scheme) -> None:
    """Every form of answer that means a class will do."""


def right(scheme: Scheme, view: View) -> tuple[Array, Array]:
    """Whether the class is the label."""
    first, second = (side.known & (side.classes == view.labels) for side in view.sides)
    return first, second


def sums(scheme: Scheme, view: View) -> Array | None:
    """None: right and wrong are counted anyway."""
    return None


def kept(scheme: Scheme, view: View) -> dict[str, Array]:
    """Nothing."""
    return {}


def measure(scheme: Scheme, counts: Counts, level: float, seed: int) -> Measured:
    """Both accuracies in %, and their paired difference."""
    return measure_rows(scheme, counts, level)
