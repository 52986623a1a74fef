"""What is known of one layer of the candidate, beside the same layer of the reference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Weights:
    """Noise of a layer's weights; a ratio is noise to signal in power, averaged over outputs."""

    ratio: float  # as they are in the file
    per_channel: float  # with a scale for each output, eight bits
    scales: int  # in the file


@dataclass(frozen=True, slots=True)
class Probe:
    """A tensor that both models have, and the operators that make it out of other such tensors."""

    tensor: str  # in the reference
    node: str  # operator of the reference that makes it: the one with weights, where there is one
    op: str
    parents: tuple[str, ...]  # the tensors from which it is made, by their names in the reference
    weights: Weights | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """A probe and what was measured there; sums of squares over all elements of some rows."""

    probe: Probe
    signal: float  # of the reference
    noise: float  # of the difference between the two models
    own: float | None = None  # noise that its quantizer alone adds; None: it has none
    clipped: float = 0.0  # part of `own`: of values that the quantizer cannot reach
    clipped_share: float = 0.0  # of the values
    reach: tuple[float, float] | None = None  # what the quantizer can stand for
    seen: tuple[float, float] = (0.0, 0.0)  # smallest and largest value of the reference

    @property
    def ratio(self) -> float:
        """Noise to signal in power; infinite where the candidate is not finite."""
        return ratio(self.noise, self.signal)

    @property
    def sqnr(self) -> float:
        """Signal to quantization noise in dB: 20 log10(|x| / |x - y|)."""
        return decibels(self.ratio)

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of(fields: Mapping[str, Any]) -> Layer:
        """Back from JSON."""
        probe = dict(fields["probe"])
        weights = probe["weights"] and Weights(**probe["weights"])
        return Layer(
            **{
                **fields,
                "probe": Probe(**{**probe, "parents": tuple(probe["parents"]), "weights": weights}),
                "reach": fields["reach"] and tuple(fields["reach"]),
                "seen": tuple(fields["seen"]),
            }
        )


def ratio(noise: float, signal: float) -> float:
    """Noise to signal, where neither has to be more than zero nor finite."""
    if not math.isfinite(noise) or not math.isfinite(signal):
        return math.inf
    if noise == 0:
        return 0.0
    return noise / signal if signal > 0 else math.inf


def decibels(noise_to_signal: float) -> float:
    """A ratio of powers as dB of signal over noise; infinite where there is no noise."""
    if noise_to_signal <= 0:
        return math.inf
    return -10 * math.log10(noise_to_signal) if math.isfinite(noise_to_signal) else -math.inf
