"""Load: the traffic that will come, sent on time by Locust, recorded exactly, judged soundly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.load.caching import measure_caching
    from harness.load.conduct import run
    from harness.load.curve import measure_capacity
    from harness.load.driver import Driver
    from harness.load.errors import LoadError
    from harness.load.failures import failed_requests
    from harness.load.growth import leak
    from harness.load.locustside.gateuser import GateUser
    from harness.load.names import refuse_absent
    from harness.load.pictures import latency_histogram
    from harness.load.phases import Phase
    from harness.load.plan import validate
    from harness.load.regression import against_baseline
    from harness.load.resources import kills, memory, processor
    from harness.load.rig import Rig
    from harness.load.timeline import run_over_time
    from harness.load.shedding import measure_overload
    from harness.load.traffic import Traffic
    from harness.load.turns import Turns

__all__ = [
    "GateUser",
    "Driver",
    "LoadError",
    "Phase",
    "Rig",
    "Traffic",
    "Turns",
    "kills",
    "against_baseline",
    "failed_requests",
    "latency_histogram",
    "leak",
    "measure_caching",
    "measure_capacity",
    "measure_overload",
    "memory",
    "processor",
    "refuse_absent",
    "run",
    "run_over_time",
    "validate",
]

_HOME = {
    "GateUser": "harness.load.locustside.gateuser",
    "Driver": "harness.load.driver",
    "LoadError": "harness.load.errors",
    "failed_requests": "harness.load.failures",
    "Phase": "harness.load.phases",
    "Rig": "harness.load.rig",
    "Traffic": "harness.load.traffic",
    "Turns": "harness.load.turns",
    "kills": "harness.load.resources",
    "against_baseline": "harness.load.regression",
    "latency_histogram": "harness.load.pictures",
    "refuse_absent": "harness.load.names",
    "leak": "harness.load.growth",
    "measure_caching": "harness.load.caching",
    "measure_capacity": "harness.load.curve",
    "measure_overload": "harness.load.shedding",
    "memory": "harness.load.resources",
    "processor": "harness.load.resources",
    "run": "harness.load.conduct",
    "run_over_time": "harness.load.timeline",
    "validate": "harness.load.plan",
}


def __getattr__(name: str) -> Any:
    """Import on first use: Locust's process is in this package too, and wants no numpy."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
