"""What is compared: one entry a metric."""

from __future__ import annotations

from harness.errors import ConfigError
from harness.suggest import did_you_mean

METRICS = {"accuracy": "share of rows whose class is right"}


def check_metric(name: str) -> None:
    """Raise ConfigError for a metric that does not exist, naming those that do."""
    if name not in METRICS:
        known = ", ".join(f"{known} ({what})" for known, what in METRICS.items())
        raise ConfigError(
            f"accuracy.metric = {name!r}: not supported{did_you_mean(name, METRICS)}; "
            f"supported: {known}"
        )
