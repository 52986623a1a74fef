"""Releasegate: release verification for machine-learning model containers."""

from harness.declare import check
from harness.errors import CandidateNotReady, ConfigError, EngineError, GateError
from harness.limits import Limit
from harness.model import (
    Candidate,
    Evidence,
    Exit,
    Finding,
    Measurement,
    Outcome,
    Severity,
    Startup,
    Usage,
    Verdict,
)

__all__ = [
    "Candidate",
    "CandidateNotReady",
    "ConfigError",
    "EngineError",
    "Evidence",
    "Exit",
    "Finding",
    "GateError",
    "Limit",
    "Measurement",
    "Outcome",
    "Severity",
    "Startup",
    "Usage",
    "Verdict",
    "check",
]
__version__ = "0.1.0"
