"""Accuracy: what the candidate's model lost against the reference, on the same rows."""

from __future__ import annotations

from collections.abc import Mapping

from harness import Evidence, Finding, Limit, Measurement, check
from harness.accuracy import (
    Comparison,
    agreement_evidence,
    classifies,
    data_evidence,
    drop_evidence,
    emulation_evidence,
    execution_evidence,
    layer_evidence,
    model_file,
    portability_evidence,
    served_agreement,
    served_idle,
    slice_losses,
    trade_off,
)
from harness.config import Gate
from harness.runtime import Endpoint

_DROP = "<= 0.5 pp"


def _configured(gate: Gate) -> str:
    return "" if gate.accuracy is not None else "the gate has no [accuracy]"


def _file(gate: Gate, suffixes: tuple[str, ...]) -> str:
    """Why there is no file of such a kind to look at."""
    name = model_file(gate)
    if not name:
        return _configured(gate) or "accuracy.file does not name the file that is served"
    if not name.lower().endswith(suffixes):
        return f"{name} is no {' or '.join(suffixes)} file"
    return ""


def _onnx(gate: Gate) -> str:
    return _file(gate, (".onnx",))


def _graph(gate: Gate) -> str:
    return _file(gate, (".onnx", ".tflite", ".litert"))


def _emulated(gate: Gate) -> str:
    if gate.accuracy is not None and gate.accuracy.emulate is None:
        return "accuracy.emulate is not set"
    return _graph(gate)


def _candidates(gate: Gate) -> str:
    if gate.accuracy is not None and not gate.accuracy.candidates:
        return "accuracy.candidates names no others"
    return _configured(gate)


@check(
    limits={"drop": _DROP},
    measures=(
        "reference_accuracy",
        "candidate_accuracy",
        "reference_metric",
        "candidate_metric",
    ),
    applies=_configured,
)
def check_drop(
    comparison: Comparison, gate: Gate, limits: Mapping[str, Limit]
) -> list[Measurement | Finding | Evidence]:
    """The candidate lost no more of the metric than the margin allows.

    Both models see the same rows, so that only rows which one of them gets right count. Either end
    of the interval alone holds at the policy's confidence, so passing is a one-sided test of
    non-inferiority. Positive means worse; of errors the loss is their growth in percent. Of a
    candidate that fails, the layers are compared as well.
    """
    limit = limits["drop"]
    return [*drop_evidence(comparison, limit), *layer_evidence(comparison, gate, limit)]


@check(
    limits={"agreement": ">= 95 %"},
    measures=("flip_rate", "churn", "sqnr", "cosine", "divergence"),
    applies=classifies,
)
def check_agreement(comparison: Comparison) -> list[Measurement | Finding | Evidence]:
    """The candidate gives the same answers as the reference.

    Equal accuracy can hide that many answers changed, some for the better and as many for the
    worse. All rows that changed stand in a file beside the report.
    """
    return agreement_evidence(comparison)


@check(limits={"worst_slice_drop": "<= 5 pp"}, applies=classifies)
def check_worst_slice(
    comparison: Comparison, limits: Mapping[str, Limit]
) -> list[Measurement | Finding]:
    """No class and no slice lost much more accuracy than the whole.

    A slice is held to the limit on its own where it has rows enough for a good candidate to be
    certified; the smaller ones of a column are looked at together, and fail alone only on clear
    evidence. So a class of twenty rows cannot hold up a release, and one that broke cannot slip
    through.
    """
    return slice_losses(comparison, limits["worst_slice_drop"].in_unit("pp"))


@check(measures=("duplicate_rows", "calibration_overlap"), applies=_configured)
def check_data(gate: Gate) -> list[Measurement | Finding]:
    """The evaluation rows are new to the quantizer, and each stands there once.

    Rows are compared by their inputs. One that the quantizer was calibrated on makes the candidate
    look better than it is; one that stands there twice makes the intervals look narrower.
    """
    return data_evidence(gate)


@check(limits={"saturating_pairs": "<= 0.1 %"}, applies=_onnx)
def check_portability(gate: Gate) -> list[Measurement | Finding | Evidence]:
    """The file answers alike on processors with and without VNNI.

    Read off the weights alone: which pairs of them could overflow the 16-bit sums that such
    processors make, unless production's flags say that none does.
    """
    return portability_evidence(gate)


@check(limits={"emulated_changes": "<= 0.5 %"}, applies=_emulated)
def check_emulation(gate: Gate) -> list[Measurement | Finding]:
    """The file gives the same answers on the emulated processor as here."""
    return emulation_evidence(gate)


@check(
    limits={"float_share": "<= 5 %", "batch_dependent": "<= 0.5 %"},
    measures=("delegated",),
    applies=_graph,
    advisory=True,
)
def check_execution(gate: Gate) -> list[Measurement | Finding | Evidence]:
    """What is meant to be int8 runs in int8, and no answer depends on its batch mates."""
    return execution_evidence(gate)


@check(
    limits={"served_equal": ">= 100 %"},
    measures=("file_accuracy", "served_accuracy"),
    applies=served_idle,
)
def check_served(gate: Gate, endpoint: Endpoint) -> list[Measurement | Finding | Evidence]:
    """The running candidate answers what its model file answers.

    The same rows go through both. A static file must be met bit by bit; one that differs from
    itself in other batches, within that noise. Where the two differ, the usual causes are tried
    out, and the finding names the one that brings forth the service's answers.
    """
    return served_agreement(gate, endpoint.base_url)


@check(measures=("size", "batch_latency", "speed"), applies=_candidates)
def check_tradeoff(comparison: Comparison, gate: Gate) -> list[Measurement | Finding | Evidence]:
    """What other candidates would give for their size and speed.

    Each is evaluated on the same rows; batches are timed in turns, on one thread.
    """
    limits = gate.policy.limits_of("accuracy", {"drop": Limit.parse(_DROP)})
    return trade_off(gate, comparison, limits["drop"])
