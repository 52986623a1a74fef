"""Counting: answers of two models to the same rows become counts that add up."""

from __future__ import annotations

from harness.accuracy.backends import Answers
from harness.accuracy.counting.counting import count
from harness.accuracy.counting.counts import Counts
from harness.accuracy.counting.divergence import Divergence
from harness.accuracy.counting.flips import Flip
from harness.accuracy.counting.odd import Odd
from harness.accuracy.counting.predictions import Predictions
from harness.accuracy.counting.scheme import Scheme
from harness.accuracy.counting.table import Table

__all__ = [
    "Answers",
    "Counts",
    "Divergence",
    "Flip",
    "Odd",
    "Predictions",
    "Scheme",
    "Table",
    "count",
]
