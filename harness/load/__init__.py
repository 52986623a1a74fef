"""Load: the traffic that will come, sent on time by Locust, recorded exactly, judged soundly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.load.conduct import run
    from harness.load.errors import LoadError
    from harness.load.pictures import (
        latency_histogram,
        latency_over_time,
        memory_over_time,
    )
    from harness.load.rig import Rig
    from harness.load.traffic import Traffic

__all__ = [
    "LoadError",
    "Rig",
    "Traffic",
    "latency_histogram",
    "latency_over_time",
    "memory_over_time",
    "run",
]

_HOME = {
    "LoadError": "harness.load.errors",
    "Rig": "harness.load.rig",
    "Traffic": "harness.load.traffic",
    "latency_histogram": "harness.load.pictures",
    "latency_over_time": "harness.load.pictures",
    "memory_over_time": "harness.load.pictures",
    "run": "harness.load.conduct",
}


def __getattr__(name: str) -> Any:
    """Import on first use: Locust's process is in this package too, and wants no numpy."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
