"""How far the two models' outputs lie apart: alarms beside the verdict, in words and numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.model import Finding, Measurement, Severity

if TYPE_CHECKING:
    from harness.accuracy.comparison import Comparison

MOST_DECIBELS = 320.0  # of equal outputs: more than doubles can tell apart


def outputs(comparison: Comparison) -> list[Measurement | Finding]:
    """`sqnr`, `cosine` and `divergence` where both models answer scores, with what they mean."""
    apart, scheme = comparison.counts.divergence, comparison.scheme
    if not apart.rows:
        return [_none(comparison)]
    found: list[Measurement | Finding] = [
        Measurement("sqnr", _bounded(apart.sqnr), "dB", n=apart.rows)
    ]
    said = ["every output is the same"]
    if apart.largest > 0:
        said = [
            f"signal to quantization noise {apart.sqnr:.1f} dB",
            f"largest difference {apart.largest:.4g}",
        ]
    if not math.isnan(apart.cosine) and scheme.widths != (1, 1):  # of lone numbers it is 1 or -1
        found.append(Measurement("cosine", apart.cosine, n=apart.rows))
        said.append(f"mean cosine {apart.cosine:.6f}")
    if scheme.scale in ("logits", "probabilities"):
        found.append(Measurement("divergence", apart.mean, n=apart.rows))
        said.append(f"mean {_rule(scheme.scale, scheme.floor)} {apart.mean:.3g} nats")
    text = f"outputs on {apart.rows} rows: {', '.join(said)}"
    return [*found, Finding("outputs", text, severity=Severity.INFO)]


def _rule(scale: str, floor: float) -> str:
    """Which divergence it is, and what becomes of probabilities near zero."""
    if scale == "logits":
        return "Kullback-Leibler divergence of the softmax of the logits, which needs no epsilon,"
    if floor:
        return (
            f"Jensen-Shannon divergence of the probabilities, those under {floor:.3g} (half of the "
            "output's quantization step) raised to it on both sides,"
        )
    return "Jensen-Shannon divergence of the probabilities, which bears zeros without an epsilon,"


def _none(comparison: Comparison) -> Finding:
    widths = comparison.scheme.widths
    why = "no row has scores from both models"
    if 0 in widths:
        side = "reference" if widths[0] == 0 else "candidate"
        why = f"the {side} gives one value a row, which is taken for a class"
    return Finding("outputs", f"outputs are not compared: {why}", severity=Severity.INFO)


def _bounded(decibels: float) -> float:
    return max(-MOST_DECIBELS, min(MOST_DECIBELS, decibels))
