"""Life cycle: how a candidate starts, drains, ends, and starts again."""

from __future__ import annotations

from harness.lifecycle.beginning import cold, honest, warm_up
from harness.lifecycle.drain import Drain, stop_under_load
from harness.lifecycle.ending import gracefully, noticed, restarted
from harness.lifecycle.starts import Settled, Start, settle

__all__ = [
    "Drain",
    "Settled",
    "Start",
    "cold",
    "gracefully",
    "honest",
    "noticed",
    "restarted",
    "settle",
    "stop_under_load",
    "warm_up",
]
