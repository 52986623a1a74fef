"""gate.toml: read, checked whole, and resolved before anything starts."""

from harness.config.accuracy import AccuracyConfig
from harness.config.gate import Gate, load
from harness.config.policy import Policy
from harness.config.load import LoadConfig
from harness.config.schema import (
    CandidateConfig,
    ContractConfig,
    GateFile,
    Tensor,
)

__all__ = [
    "AccuracyConfig",
    "CandidateConfig",
    "ContractConfig",
    "Gate",
    "GateFile",
    "LoadConfig",
    "Policy",
    "Tensor",
    "load",
]
