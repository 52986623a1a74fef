"""What is compared: one file for each metric, and one for functions of the user's own."""

from __future__ import annotations

from harness.accuracy.metrics.base import Measured, Metric, View
from harness.accuracy.metrics.registry import METRICS, check_metric, measure, metric_of

__all__ = ["METRICS", "Measured", "Metric", "View", "check_metric", "measure", "metric_of"]
