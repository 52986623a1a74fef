"""A metric of the user's own, "module:function": run in a child process, over all rows at once.

The function takes labels and one model's outputs, arrays whose first dimension is the rows, and
gives a number. Higher is better, and 1 the best there is, like a mean average precision; a function
with an attribute `loss = True` gives an error, of which the growth counts.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.accuracy import statistics
from harness.accuracy.errors import ModelError
from harness.accuracy.metrics.base import Measured, View
from harness.accuracy.metrics.errors import ratio
from harness.accuracy.metrics.regression import right
from harness.accuracy.statistics import Interval
from harness.accuracy.workers import Array, Child
from harness.accuracy.workers.main import Handler

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Scheme

__all__ = ["KIND", "fits", "kept", "measure", "right", "sums"]
KIND = "outputs"
_START_WITHIN, _WITHIN = 60.0, 900.0  # seconds
_SECONDS = 120.0  # of resampling
_ROUNDING = 1e-6  # of sums of float32


def fits(scheme: Scheme) -> None:
    """The function decides."""


def sums(scheme: Scheme, view: View) -> Array | None:
    """None: what the function does is not known."""
    return None


def kept(scheme: Scheme, view: View) -> dict[str, Array]:
    """Labels and outputs of every row that both models answered."""
    known = view.known
    first, second = (side.scores[known] for side in view.sides)
    found = {"label": view.labels[known], "reference": first, "candidate": second}
    return found if view.clusters is None else {**found, "cluster": view.clusters[known]}


def measure(scheme: Scheme, counts: Counts, level: float, seed: int) -> Measured:
    """Both values, and the loss by resampling rows or clusters.

    Raises ModelError where the function cannot be found, fails, or gives no number; WorkerDied.
    """
    arrays = {name: counts.column(name) for name in counts.kept[0]}
    fields = {"metric": scheme.metric, "folder": scheme.folder, "level": level, "seed": seed}
    with Child(__name__, fields, about=f"accuracy.metric {scheme.metric!r}") as child:
        child.start(_START_WITHIN)
        reply, _ = child.ask({}, arrays, _WITHIN)
    found = Interval(*(float(end) for end in reply["interval"])).scaled(100)
    first, second, loss = float(reply["reference"]), float(reply["candidate"]), reply["loss"]
    drawn = "rows" if scheme.clusters is None else f"clusters by column {scheme.clusters!r}"
    method = f"{scheme.metric}, resampled {drawn} (BCa bootstrap)"
    if loss:
        return Measured(first, second, found, "", method)
    return Measured(100 * first, 100 * second, found, "%", method)


def serve(fields: dict[str, Any]) -> Handler:
    """The child's side."""
    if fields["folder"]:
        sys.path.insert(0, fields["folder"])
    module, _, name = str(fields["metric"]).partition(":")
    function = getattr(importlib.import_module(module), name, None)
    if not callable(function):
        raise ModelError(f"module {module!r} has no function {name!r}")

    def handle(asked: dict[str, Any], arrays: dict[str, Array]) -> Any:
        return _measured(function, fields, arrays), {}

    return handle


def _measured(
    function: Callable[[Array, Array], Any], fields: dict[str, Any], arrays: dict[str, Array]
) -> dict[str, Any]:
    labels, first, second = (arrays[name] for name in ("label", "reference", "candidate"))
    loss = bool(getattr(function, "loss", False))

    def value(rows: Array, side: Array) -> float:
        return _number(function(labels[rows], side[rows]), loss=loss)

    def lost(rows: Array) -> float:
        one, other = value(rows, first), value(rows, second)
        return ratio(one, other) if loss else one - other

    rows = every = np.arange(len(labels))
    statistic: Callable[[Array], float] = lost
    if "cluster" in arrays:
        rows, statistic = _clustered(arrays["cluster"], lost)
    interval = statistics.bootstrap(
        statistic, [rows], fields["level"], fields["seed"], seconds=_SECONDS
    ).at_least(statistics.unseen(len(rows), fields["level"]))
    return {
        "reference": value(every, first),
        "candidate": value(every, second),
        "interval": [interval.value, interval.low, interval.high],
        "loss": loss,
    }


def _clustered(
    clusters: Array, lost: Callable[[Array], float]
) -> tuple[Array, Callable[[Array], float]]:
    """Numbers of clusters in place of rows, and the loss over the rows of some clusters."""
    names, own = np.unique(clusters, return_inverse=True)
    members = np.split(np.argsort(own, kind="stable"), np.cumsum(np.bincount(own))[:-1])
    return np.arange(len(names)), lambda drawn: lost(np.concatenate([members[i] for i in drawn]))


def _number(value: Any, *, loss: bool) -> float:
    """The value, where it is one of its kind: a growth needs a loss, a difference a share."""
    try:
        if isinstance(value, (str, bytes, bool, np.bool_)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise ModelError(f"gave {type(value).__name__} {value!r:.80}, expected a number") from None
    if not np.isfinite(number):
        raise ModelError(f"gave {number}, expected a finite number")
    if loss and number < 0:
        raise ModelError(f"gave the loss {number:g}, expected none below 0, of which growth is one")
    if not loss and number > 1 + _ROUNDING:
        raise ModelError(
            f"gave {number:g}, expected 1 at best; a percentage wants dividing by 100, and an "
            "error the attribute `loss = True` of the function"
        )
    return number
