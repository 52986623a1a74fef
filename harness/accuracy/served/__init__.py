"""What a running candidate answers, held against its model file, and why the two differ."""

from __future__ import annotations

from harness.accuracy.served.evidence import served_agreement, served_idle

__all__ = ["served_agreement", "served_idle"]
