"""Ratios and decibels of what may be zero or not finite, and the way of a layer through JSON."""

from __future__ import annotations

import json
import math

import pytest

from harness.accuracy.layers.layer import Layer, Probe, Weights, decibels, ratio


@pytest.mark.parametrize(
    ("noise", "signal", "expected"),
    [(1.0, 100.0, 20.0), (0.0, 1.0, math.inf), (0.0, 0.0, math.inf), (1.0, 0.0, -math.inf)],
)
def test_decibels_are_told_of_every_noise(noise: float, signal: float, expected: float) -> None:
    assert decibels(ratio(noise, signal)) == expected


@pytest.mark.parametrize(("noise", "signal"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.nan)])
def test_what_is_not_finite_is_nothing_but_noise(noise: float, signal: float) -> None:
    assert decibels(ratio(noise, signal)) == -math.inf


def test_a_layer_survives_json() -> None:
    probe = Probe("t", "n", "Conv", ("x",), Weights(1e-3, 1e-4, 1))
    layer = Layer(probe, 2.0, 0.5, 0.1, 0.05, 0.01, (-1.0, 1.0), (-2.0, 2.0))
    assert Layer.of(json.loads(json.dumps(layer.fields()))) == layer
    plain = Layer(Probe("x", "x", "input", ()), 1.0, 0.0)
    assert Layer.of(json.loads(json.dumps(plain.fields()))) == plain
