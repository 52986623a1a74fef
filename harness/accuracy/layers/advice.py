"""What to do about a layer that breaks: pure, from what was measured there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.accuracy.layers.layer import Layer, Weights, decibels, ratio

BROKEN = 20.0  # dB: noise of a tenth of the signal
_TWICE = 2.0  # the noise that reached it: a layer that breaks adds as much by itself, or more
_HALF = 0.5  # of the noise in a layer: who adds that much is to blame
_WEIGHTS = 4.0  # weights to blame may have this many times less noise than what comes out
_BETTER = 4.0  # times less noise that a scale for each output must promise: 6 dB
_COARSE = 0.1  # of the steps of eight bits, about: what data that use no more are spread over
_EXCLUDED = 8
_SPARE = 30.0  # dB that eight bits leave of values without outliers, with ten to spare


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do, and why."""

    rule: str  # "calibration", "per-channel", "reduce-range", "spread", "exclude"
    text: str


@dataclass(frozen=True, slots=True)
class Break:
    """The layer that is to blame first."""

    layer: Layer
    arriving: float  # dB, of the worst of the tensors that it is made from
    broken: bool  # False: none falls below `BROKEN`, and this one only loses most


def first_break(layers: Sequence[Layer]) -> Break | None:
    """The first layer that is broken and adds more noise than reached it, else that adds most.

    None where the two models do not differ.
    """
    reached = _reached(layers)
    for layer, before in zip(layers, reached, strict=True):
        if _breaks(layer, before):
            return Break(layer, decibels(before), True)
    added = [
        layer.ratio - before if math.isfinite(before) else 0.0
        for layer, before in zip(layers, reached, strict=True)
    ]
    if not added or max(added) <= 0:
        return None
    worst = max(range(len(added)), key=lambda index: added[index])
    return Break(layers[worst], decibels(reached[worst]), False)


def advise(layers: Sequence[Layer], found: Break, *, saturates: bool) -> Advice:
    """What is most likely to mend it, by the source of the noise that can be told.

    `saturates` says that integer kernels lose bits on this machine.
    """
    layer = found.layer
    blamed = _calibration(layer) or _per_channel(layers, layer)
    if blamed is None and saturates:
        blamed = Advice(
            "reduce-range",
            "integer kernels of this processor add two products in 16 bits and lose what does not "
            "fit (their answers differ from those with session.x64quantprecision = 1): quantize "
            "with reduce_range=True, or with weight_type=QuantType.QUInt8",
        )
    if blamed is None and not found.broken:
        blamed = Advice(
            "spread",
            "the noise is spread over the layers: calibrate with more rows, quantize per channel, "
            "or train with quantization in mind",
        )
    return blamed or _exclude(layers, layer)


def _reached(layers: Sequence[Layer]) -> list[float]:
    """For each layer the noise to signal of the worst tensor that it is made from."""
    known = {layer.probe.tensor: layer.ratio for layer in layers}
    return [
        max((known[name] for name in layer.probe.parents if name in known), default=0.0)
        for layer in layers
    ]


def _breaks(layer: Layer, reached: float) -> bool:
    return layer.sqnr < BROKEN and layer.ratio >= _TWICE * reached


def _calibration(layer: Layer) -> Advice | None:
    """Whether the layer's own quantizer explains the noise, and how."""
    if layer.own is None or layer.reach is None or layer.own < _HALF * layer.noise:
        return None
    reach, seen = (f"{low:.4g} to {high:.4g}" for low, high in (layer.reach, layer.seen))
    if layer.clipped >= _HALF * layer.own:
        return Advice(
            "calibration",
            f"its quantizer reaches from {reach}, but values go from {seen} and "
            f"{100 * layer.clipped_share:.3g} % of them are cut off: calibrate with more rows, "
            "prepared as those of the data set are",
        )
    used = (layer.seen[1] - layer.seen[0]) / (layer.reach[1] - layer.reach[0])
    if used < _COARSE:
        return Advice(
            "calibration",
            f"its quantizer reaches from {reach}, but values only go from {seen}: its steps are "
            "too large; calibrate with rows prepared as those of the data set are, or leave the "
            "operator in float",
        )
    if decibels(ratio(layer.own, layer.signal)) >= _SPARE:
        return None
    mend = "calibrate with CalibrationMethod.Percentile or Entropy"
    if layer.probe.op == "input":  # of a table: to cut off a column would not help
        mend = "scale its columns alike before the model is given them"
    return Advice(
        "calibration",
        f"few large values (from {seen}) leave too few steps for the others: {mend}, or keep "
        "activations in 16 bits",
    )


def _per_channel(layers: Sequence[Layer], broken: Layer) -> Advice | None:
    """Whether noise of weights, there or before, explains it, and a scale for each output mends it.

    The nearest that does is named: the layer itself, what it is made from, then any before it.
    """
    before = list(layers[: layers.index(broken)])
    near = [layer for layer in before if layer.probe.tensor in broken.probe.parents]
    for layer in [broken, *near, *reversed(before)]:
        weights = layer.probe.weights
        if weights is None or weights.scales > 1 or _WEIGHTS * weights.ratio < broken.ratio:
            continue
        if weights.ratio >= _BETTER * weights.per_channel:
            return _one_scale(layer, weights)
    return None


def _one_scale(layer: Layer, weights: Weights) -> Advice:
    dynamic = " (of convolutions dynamic quantization cannot: exclude the node)"
    return Advice(
        "per-channel",
        f"one scale for all weights of {layer.probe.node} leaves them "
        f"{decibels(weights.ratio):.1f} dB over the noise, a scale for each output "
        f"{decibels(weights.per_channel):.1f} dB: quantize with per_channel=True"
        f"{dynamic if layer.own is None else ''}",
    )


def _exclude(layers: Sequence[Layer], broken: Layer) -> Advice:
    """The layers that break by themselves, or whose weights do, to be kept as they were."""
    names = [
        layer.probe.node
        for layer, reached in zip(layers, _reached(layers), strict=True)
        if layer.probe.op != "input" and (_breaks(layer, reached) or _weak(layer))
    ] or [broken.probe.node]
    shown = ", ".join(f'"{name}"' for name in names[:_EXCLUDED])
    more = f" and {len(names) - _EXCLUDED} more" if len(names) > _EXCLUDED else ""
    return Advice(
        "exclude",
        "no single quantizer explains the noise: keep in float what breaks by itself, with "
        f"nodes_to_exclude=[{shown}]{more} (TFLite: denylisted_nodes), or train with quantization "
        "in mind",
    )


def _weak(layer: Layer) -> bool:
    weights = layer.probe.weights
    return weights is not None and decibels(weights.ratio) < BROKEN
