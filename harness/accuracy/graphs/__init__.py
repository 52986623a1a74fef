"""What a candidate's file says of itself: saturation, kernels, batch mates, other processors."""

from __future__ import annotations

from harness.accuracy.graphs.emulation import emulation_evidence
from harness.accuracy.graphs.execution import execution_evidence
from harness.accuracy.graphs.saturation import portability_evidence
from harness.accuracy.graphs.subject import model_file

__all__ = ["emulation_evidence", "execution_evidence", "model_file", "portability_evidence"]
