"""Accuracy: what a candidate model lost against a reference, on the same rows, with intervals.

Model runtimes live in child processes; this package imports none of them. Names are imported when
they are asked for: a child that runs a model needs little of what its parent needs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.accuracy.comparison import Comparison, ModelRun, evaluate, validate
    from harness.accuracy.counting import Flip, Table
    from harness.accuracy.duplicates import data_evidence
    from harness.accuracy.errors import DatasetError, ModelError, WorkerDied
    from harness.accuracy.evidence import Ledger, agreement_evidence, classifies, drop_evidence
    from harness.accuracy.graphs import (
        emulation_evidence,
        execution_evidence,
        model_file,
        portability_evidence,
    )
    from harness.accuracy.layers.localise import layer_evidence
    from harness.accuracy.planning import more_rows, plan, required_rows
    from harness.accuracy.served import served_agreement, served_idle
    from harness.accuracy.slices import slice_losses
    from harness.accuracy.statistics import Interval, mcnemar, newcombe, tango, wilson
    from harness.accuracy.tradeoff import trade_off

_HOMES = {
    "comparison": ("Comparison", "ModelRun", "evaluate", "validate"),
    "counting": ("Flip", "Table"),
    "duplicates": ("data_evidence",),
    "errors": ("DatasetError", "ModelError", "WorkerDied"),
    "evidence": ("Ledger", "agreement_evidence", "classifies", "drop_evidence"),
    "graphs": ("emulation_evidence", "execution_evidence", "model_file", "portability_evidence"),
    "layers.localise": ("layer_evidence",),
    "planning": ("more_rows", "plan", "required_rows"),
    "served": ("served_agreement", "served_idle"),
    "slices": ("slice_losses",),
    "statistics": ("Interval", "mcnemar", "newcombe", "tango", "wilson"),
    "tradeoff": ("trade_off",),
}

__all__ = [
    "Comparison",
    "DatasetError",
    "Flip",
    "Interval",
    "Ledger",
    "ModelError",
    "ModelRun",
    "Table",
    "WorkerDied",
    "agreement_evidence",
    "classifies",
    "data_evidence",
    "drop_evidence",
    "emulation_evidence",
    "evaluate",
    "execution_evidence",
    "layer_evidence",
    "mcnemar",
    "model_file",
    "more_rows",
    "newcombe",
    "plan",
    "portability_evidence",
    "required_rows",
    "served_agreement",
    "served_idle",
    "slice_losses",
    "tango",
    "trade_off",
    "validate",
    "wilson",
]


def __getattr__(name: str) -> Any:
    """A public name, from the module that is its home."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
