"""Where a candidate that failed goes wrong, as findings and a picture. Only run on failure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.accuracy.evaluation.job import SERVED, SERVED_BACKEND, Pair, spec_of
from harness.accuracy.layers.advice import Break, advise, first_break
from harness.accuracy.layers.layer import Layer, decibels, ratio
from harness.accuracy.layers.tensors import Noise, look
from harness.errors import GateError
from harness.model import Evidence, Finding, Measurement, Outcome, Severity

if TYPE_CHECKING:
    from harness.accuracy.comparison import Comparison
    from harness.config import Gate
    from harness.limits import Limit

_SHOWN = 40  # layers in the picture
_BEFORE = 8  # of them before the one that breaks
_TOP = 100.0  # dB; above that a tensor is as good as equal


def layer_evidence(comparison: Comparison, gate: Gate, limit: Limit) -> list[Finding | Evidence]:
    """What `localise` finds, where the drop is beyond its limit for certain; else nothing."""
    drop = comparison.drop
    measured = Measurement("drop", drop.value, "pp", low=drop.low, high=drop.high)
    return localise(comparison, gate) if limit.judge(measured) is Outcome.FAILED else []


def localise(comparison: Comparison, gate: Gate) -> list[Finding | Evidence]:
    """The first layer that breaks, what to do about it, and the noise of all layers.

    Measured over a few rows in a child process. Nothing here weighs on an outcome: where layers
    cannot be compared, a finding says why.
    """
    pair = _pair(comparison, gate)
    if pair is None:
        return [_silent("accuracy.file does not name the model that is served")]
    try:
        noise = look(pair)
    except GateError as problem:
        return [_silent(str(problem))]
    found = first_break(noise.layers)
    if found is None:
        return [_silent(f"no layer differs on {noise.rows} rows")]
    return [*told(noise, found), picture(noise, found)]


def told(noise: Noise, found: Break) -> list[Finding]:
    """The layer that is to blame, and the advice."""
    advice = advise(noise.layers, found, saturates=noise.saturates)
    probe = found.layer.probe
    word = (
        "the first layer that breaks"
        if found.broken
        else "no layer breaks by itself; most noise comes from"
    )
    weights = probe.weights
    about = "" if weights is None else f"; its weights have {_shown(decibels(weights.ratio))}"
    return [
        Finding(
            "layer-breaks" if found.broken else "layer-noise",
            f"{word}: {probe.op} {probe.node}, from {_shown(found.arriving)} to "
            f"{_shown(found.layer.sqnr)} of signal over noise on {noise.rows} rows{about}",
            severity=Severity.INFO,
            location=probe.tensor,
        ),
        Finding(f"advice-{advice.rule}", advice.text, severity=Severity.INFO, location=probe.node),
    ]


def picture(noise: Noise, found: Break) -> Evidence:
    """Signal over noise of each layer, beside what its own quantizer would leave of it."""
    index = noise.layers.index(found.layer)
    start = max(0, min(index - _BEFORE, len(noise.layers) - _SHOWN))
    layers = noise.layers[start : start + _SHOWN]
    title = "Signal over quantization noise by layer"
    if len(layers) < len(noise.layers):
        title += f": {start + 1} to {start + len(layers)} of {len(noise.layers)}"
    series = {
        "its quantizer alone": [_own(layer) for layer in layers],
        "in the candidate": [_level(layer.sqnr) for layer in layers],
    }
    return Evidence("bars", title, {"unit": "dB", "labels": _labels(layers), "series": series})


def _pair(comparison: Comparison, gate: Gate) -> Pair | None:
    """What was compared, with the file that is served in place of the service."""
    pair = comparison.job.pair
    if pair.candidate.module != SERVED_BACKEND:
        return pair
    name = gate.accuracy.file if gate.accuracy is not None else None
    return None if name in (None, SERVED) else replace(pair, candidate=spec_of(gate, str(name)))


def _silent(why: str) -> Finding:
    return Finding("layers", f"layers were not compared: {why}", severity=Severity.INFO)


def _labels(layers: Sequence[Layer]) -> list[str]:
    return [f"{layer.probe.node} ({layer.probe.op})" for layer in layers]


def _own(layer: Layer) -> float | None:
    if layer.own is None:
        return None
    return _level(decibels(ratio(layer.own, layer.signal)))


def _level(value: float) -> float:
    """dB on a scale that ends: a tensor without noise, or without anything but noise, has none."""
    return round(min(_TOP, max(-_TOP, value)), 2)


def _shown(value: float) -> str:
    if math.isfinite(value):
        return f"{value:.1f} dB"
    return "no noise" if value > 0 else "nothing but noise"
