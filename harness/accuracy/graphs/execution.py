"""Which operators of the candidate's file really run in int8, and whether batch mates matter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import Evidence, Finding, Measurement, Severity
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.graphs import lite_work, onnx_work
from harness.accuracy.graphs.batchmates import MANY, BatchMates, batch_mates
from harness.accuracy.graphs.emulation import gives_numbers
from harness.accuracy.graphs.saturation import certificate
from harness.accuracy.graphs.subject import is_onnx, part, rows_of, subject
from harness.accuracy.graphs.work import Audit
from harness.accuracy.statistics import one_sided, wilson
from harness.accuracy.workers import Array, Child
from harness.accuracy.workers.main import Handler

if TYPE_CHECKING:
    from harness.config import Gate

_WITHIN = 600.0  # seconds
_SHOWN = 10
_DELEGATED = 95.0  # % of the multiply-adds: less is slow enough to be worth a word


def audit(spec: ModelSpec, columns: Mapping[str, Array]) -> Audit:
    """Run one row in a child process and tell what it executed. Raises ModelError, WorkerDied."""
    with Child(__name__, spec.fields(), about=spec.name) as child:
        child.start(_WITHIN)
        found, _ = child.ask({}, columns, _WITHIN)
    return Audit.of(found)


def serve(fields: Mapping[str, Any]) -> Handler:
    """The child's side."""
    spec = ModelSpec.of(fields)
    path = Path(spec.path)

    def handle(_: dict[str, Any], columns: dict[str, Array]) -> Any:
        if is_onnx(spec.path):
            return onnx_work.audit(path, spec.options, columns).fields(), {}
        return lite_work.audit(path).fields(), {}

    return handle


def execution_evidence(gate: Gate) -> list[Measurement | Finding | Evidence]:
    """Kernels and batch mates, as evidence."""
    assert gate.accuracy is not None
    config, spec = gate.accuracy, subject(gate)
    columns = rows_of(gate, MANY)
    found = audit(spec, part(columns, 0, 1))
    mates = batch_mates(
        spec, columns, output=config.output, numbers=gives_numbers(gate), seed=config.seed
    )
    evidence: list[Measurement | Finding | Evidence] = [
        Measurement("float_share", found.float_share, "%"),
        _mates(mates, gate.policy.confidence),
        *_kernels(found),
        *_delegate(found),
        *_blame(spec, mates),
    ]
    return [*evidence, _bars(found)] if found.steps else evidence


def _mates(found: BatchMates, confidence: float) -> Measurement:
    """Rows are a sample where answers change; that no bit differs at all is no matter of chance."""
    name, n = "batch_dependent", found.rows
    if found.worst.equal:
        return Measurement(name, 0.0, "%", n=n)
    share = wilson(int(found.worst.changed.sum()), n, one_sided(confidence))
    low, high = 100 * share.low, 100 * share.high
    return Measurement(name, found.worst.share, "%", low=low, high=high, n=n)


def _kernels(found: Audit) -> list[Finding]:
    counts = [f"{count} {op}" for op, (count, _) in found.by_operator().items()]
    shown = ", ".join(counts) or "no convolution and no matrix product"
    told = "the file means none of it to be int8" if not found.meant else "as executed"
    findings = [Finding("kernels", f"{shown}: {told}", severity=Severity.INFO)]
    if found.meant and found.float_share:
        names = ", ".join(found.fallen[:_SHOWN]) or "operators that were fused under other names"
        findings.append(
            Finding(
                "float-fallback",
                f"{found.float_share:.3g} % of the multiply-adds that the file means to be int8 "
                f"run in float: {names}",
                severity=Severity.WARNING,
                expected="int8 kernels; u8 activations have more of them than s8 ones on x86",
            )
        )
    return findings


def _delegate(found: Audit) -> list[Measurement | Finding]:
    if found.delegated is None:
        return []
    evidence: list[Measurement | Finding] = [Measurement("delegated", found.delegated, "%")]
    if found.delegated < _DELEGATED:
        evidence.append(
            Finding(
                "not-delegated",
                f"only {found.delegated:.3g} % of the multiply-adds run in the XNNPACK delegate; "
                "the others take the runtime's slower kernels",
                severity=Severity.WARNING,
            )
        )
    return evidence


def _blame(spec: ModelSpec, found: BatchMates) -> list[Finding]:
    """Why an answer depends on its batch mates, as far as the file shows it."""
    if found.worst.equal:
        return []
    dynamic = certificate(Path(spec.path), spec.name).dynamic if is_onnx(spec.path) else ()
    if dynamic:
        names = ", ".join(dynamic[:_SHOWN])
        why = (
            "dynamic quantization takes its scale from the whole batch "
            f"(DynamicQuantizeLinear: {names})"
        )
    else:
        why = "no dynamic quantization is in the file; kernels round otherwise in other batches"
    changed, differing = int(found.worst.changed.sum()), int(found.worst.differing.sum())
    return [
        Finding(
            "batch-mates",
            f"{changed} of {found.rows} answers change, and {differing} differ in some bit, where "
            f"rows are run {found.arrangement} in place of {found.batch} in their order: {why}",
            severity=Severity.WARNING if changed else Severity.INFO,
            location=spec.name,
        )
    ]


def _bars(found: Audit) -> Evidence:
    work = found.by_operator()
    shares = [round(share, 4) for _, share in work.values()]
    data = {"unit": "%", "labels": list(work), "series": {"multiply-adds": shares}}
    return Evidence("bars", "Multiply-adds by executed operator", data)
