"""Accuracy: what a candidate model lost against a reference, on the same rows, with intervals.

Model runtimes live in worker processes; this package imports none of them.
"""

from __future__ import annotations

from harness.accuracy.comparison import Comparison, evaluate, validate
from harness.accuracy.errors import DatasetError, ModelError, WorkerDied
from harness.accuracy.planning import required_rows
from harness.accuracy.runs import ModelRun
from harness.accuracy.statistics import Interval, mcnemar, newcombe, tango, wilson
from harness.accuracy.tables import Flip, Table
from harness.accuracy.worst import OTHERS, Worst, worst_class

__all__ = [
    "Comparison",
    "DatasetError",
    "Flip",
    "Interval",
    "ModelError",
    "ModelRun",
    "OTHERS",
    "Table",
    "WorkerDied",
    "Worst",
    "evaluate",
    "mcnemar",
    "newcombe",
    "required_rows",
    "tango",
    "validate",
    "wilson",
    "worst_class",
]
