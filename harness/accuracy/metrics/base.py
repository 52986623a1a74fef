"""What every metric offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.statistics import Interval
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Predictions, Scheme


@dataclass(frozen=True, slots=True)
class View:
    """What two models made of some rows."""

    ids: NDArray[np.int64]
    labels: Array
    reference: Predictions
    candidate: Predictions
    clusters: Array | None = None  # of every row, where the data set says

    @property
    def sides(self) -> tuple[Predictions, Predictions]:
        """Both, the reference first."""
        return self.reference, self.candidate

    @property
    def known(self) -> NDArray[np.bool_]:
        """Rows to which both models gave a usable answer."""
        return self.reference.known & self.candidate.known


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of both models on the same rows, and what the candidate lost."""

    reference: float  # in `unit`
    candidate: float
    drop: Interval  # pp; positive is worse
    unit: str = "%"
    method: str = ""  # how the interval was found, to be shown


class Metric(Protocol):
    """A module that knows one metric, or a family of them."""

    KIND: str  # what an answer is: see `counting.predictions`

    def fits(self, scheme: Scheme) -> None:
        """Raise ModelError where the models do not answer what the metric needs."""

    def right(self, scheme: Scheme, view: View) -> tuple[Array, Array]:
        """For each row, whether reference and candidate are right; bools, shape (n,)."""

    def sums(self, scheme: Scheme, view: View) -> Array | None:
        """What is summed of every row, shape (n, v); None where the metric needs no sums."""

    def kept(self, scheme: Scheme, view: View) -> dict[str, Array]:
        """What has to be kept of every row; empty for a metric that is a function of sums."""

    def measure(self, scheme: Scheme, counts: Counts, level: float, seed: int) -> Measured:
        """Both values, and the loss between limits that hold two-sided at `level`."""
