"""Whether the server says of itself what the contract declares."""

from __future__ import annotations

from harness.contract.contract import Contract
from harness.contract.instruments.notes import Seen
from harness.contract.judging.findings import relax
from harness.contract.learning import asks, contradictions, describe, metadata_paths
from harness.contract.wire.transport import Layer
from harness.errors import GateError
from harness.model import Finding, Severity


def metadata(contract: Contract, base_url: str) -> Seen:
    """Each declared tensor is one that the server describes, with its datatype and shape.

    A server that describes nothing is only told of: no protocol makes it.
    """
    if not metadata_paths(contract):
        return Seen(0, ())
    try:
        found = describe(contract, base_url)
    except GateError as problem:
        # Where nothing else says what goes in and comes out, less can be tried than is promised.
        severity = Severity.WARNING if asks(contract) else Severity.INFO
        return Seen(0, (Finding("no-metadata", str(problem), severity=severity),))
    # Where tensors travel without their datatype, a client never meets the difference.
    stated = contract.preset.form == "tensors"
    findings = tuple(
        found.exchange.finding(
            broken.rule,
            Layer.RESPONSE,
            f"the server's own metadata: {broken.message}",
            severity=Severity.ERROR
            if stated or broken.rule != "metadata-datatype"
            else Severity.WARNING,
            location=broken.path,
            expected=f"{broken.received}, as gate.toml declares",
            received=broken.expected,
        )
        for broken in contradictions(contract, found.signature)
    )
    count = len(found.signature.inputs) + len(found.signature.outputs)
    return Seen(count, tuple(relax(findings, contract.tolerated)))
