"""Which metrics there are, and the module that knows each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from harness.accuracy.metrics.base import Measured, Metric
from harness.errors import ConfigError
from harness.suggest import did_you_mean

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Scheme

METRICS = {
    "accuracy": "share of rows whose class is right",
    "topk": "share of rows whose class is among the k highest scores",
    "f1": "harmonic mean of precision and recall",
    "auroc": "area under the ROC curve",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "r2": "share of the labels' variance that is explained",
    "quantile": "pinball loss of a quantile",
}
_MODULES = {"mae": "regression", "rmse": "regression", "r2": "regression"}


def check_metric(name: str) -> None:
    """Raise ConfigError for a metric that does not exist, naming those that do."""
    if ":" in name:
        module, _, function = name.partition(":")
        if not (function.isidentifier() and all(p.isidentifier() for p in module.split("."))):
            raise ConfigError(
                f'accuracy.metric = {name!r}: expected "module:function", like "metrics:mean_ap"'
            )
    elif name not in METRICS:
        known = ", ".join(f"{known} ({what})" for known, what in METRICS.items())
        raise ConfigError(
            f"accuracy.metric = {name!r}: not supported{did_you_mean(name, METRICS)}; "
            f'supported: {known}, and "module:function" for one of your own'
        )


def metric_of(name: str) -> Metric:
    """The module that knows the metric. Raises ConfigError for one that does not exist."""
    check_metric(name)
    module = "user" if ":" in name else _MODULES.get(name, name)
    return cast(Metric, importlib.import_module(f"harness.accuracy.metrics.{module}"))


def measure(scheme: Scheme, counts: Counts, level: float, seed: int) -> Measured:
    """The metric of both models and the loss between them, its limits two-sided at `level`.

    `seed` is that of resampling, where the metric needs it. Raises DatasetError where the rows do
    not have what the metric needs, like both classes.
    """
    return metric_of(scheme.metric).measure(scheme, counts, level, seed)
