"""The step of a quantized output, read off its values."""

from __future__ import annotations

import numpy as np

from harness.accuracy.workers import Array

_MOST_STEPS = 255  # of an output of eight bits
_WHOLE = 0.01  # of a step: how far a multiple may lie from it


def step_of(scores: Array) -> float:
    """The step of which all scores are multiples, where there is one; 0.0 for real numbers.

    The values of an output of eight bits lie on a grid of 256 points. The least distance of two of
    them is a step, where it divides the others; the widest distance then tells it best.
    """
    values = np.unique(scores).astype(np.float64)
    if not 2 < len(values) <= _MOST_STEPS + 1:
        return 0.0
    steps = float(np.rint((values[-1] - values[0]) / np.diff(values).min()))
    if steps > _MOST_STEPS:
        return 0.0
    step = float((values[-1] - values[0]) / steps)
    multiples = (values - values[0]) / step
    return step if bool((np.abs(multiples - np.rint(multiples)) < _WHOLE).all()) else 0.0
