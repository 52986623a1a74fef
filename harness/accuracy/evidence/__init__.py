"""What a comparison shows, as the evidence that checks return."""

from __future__ import annotations

from harness.accuracy.evidence.agreement import agreement_evidence, classifies
from harness.accuracy.evidence.drop import drop_evidence
from harness.accuracy.evidence.ledger import Ledger

__all__ = ["Ledger", "agreement_evidence", "classifies", "drop_evidence"]
