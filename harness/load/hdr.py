"""Response times as an HdrHistogram, the form in which other tools keep and merge them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HIGHEST = 3_600_000_000  # microseconds: one hour, where failures stand
DIGITS = 3  # that a value keeps: it is off by at most a thousandth

_BITS = 11  # of a sub-bucket's index: 2048 hold three digits


def encode(seconds: NDArray[np.float64]) -> str:
    """An HdrHistogram of 1 us to one hour with three digits: V2, compressed, in base64.

    `seconds` of the shape (n,); what is infinite, or longer than one hour, is recorded at one hour,
    what is shorter than a microsecond at that. (Gil Tene, github.com/HdrHistogram.)
    """
    from hdrh.histogram import HdrHistogram

    micros = np.clip(np.rint(seconds * 1e6), 1, HIGHEST).astype(np.int64)
    # Values of one sub-bucket are one to the histogram: a run of hours has a few thousand of them.
    below = np.maximum(np.frexp(micros.astype(np.float64))[1] - _BITS, 0)
    found, counts = np.unique(micros >> below << below, return_counts=True)
    histogram = HdrHistogram(1, HIGHEST, DIGITS)
    for value, count in zip(found.tolist(), counts.tolist(), strict=True):
        histogram.record_value(value, count)
    encoded: bytes = histogram.encode()
    return encoded.decode("ascii")
