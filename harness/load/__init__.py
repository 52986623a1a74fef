"""Load: the traffic that will come, sent on time by Locust, recorded exactly, judged soundly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.load.caching import measure_caching
    from harness.load.conduct import run
    from harness.load.driving.driver import Driver
    from harness.load.driving.phases import Phase
    from harness.load.driving.rig import Rig
    from harness.load.errors import LoadError
    from harness.load.failures import failed_requests
    from harness.load.locustside.gateuser import GateUser
    from harness.load.names import refuse_absent
    from harness.load.paired.regression import against_baseline
    from harness.load.paired.turns import Turns
    from harness.load.pictures import latency_histogram
    from harness.load.planned.plan import validate
    from harness.load.rates.curve import measure_capacity
    from harness.load.rates.shedding import measure_overload
    from harness.load.resources.growth import leak
    from harness.load.resources.timeline import run_over_time
    from harness.load.resources.used import kills, memory, processor
    from harness.load.traffic import Traffic

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
    "Driver": "harness.load.driving.driver",
    "LoadError": "harness.load.errors",
    "failed_requests": "harness.load.failures",
    "Phase": "harness.load.driving.phases",
    "Rig": "harness.load.driving.rig",
    "Traffic": "harness.load.traffic",
    "Turns": "harness.load.paired.turns",
    "kills": "harness.load.resources.used",
    "against_baseline": "harness.load.paired.regression",
    "latency_histogram": "harness.load.pictures",
    "refuse_absent": "harness.load.names",
    "leak": "harness.load.resources.growth",
    "measure_caching": "harness.load.caching",
    "measure_capacity": "harness.load.rates.curve",
    "measure_overload": "harness.load.rates.shedding",
    "memory": "harness.load.resources.used",
    "processor": "harness.load.resources.used",
    "run": "harness.load.conduct",
    "run_over_time": "harness.load.resources.timeline",
    "validate": "harness.load.planned.plan",
}


def __getattr__(name: str) -> Any:
    """Import on first use: Locust's process is in this package too, and wants no numpy."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
