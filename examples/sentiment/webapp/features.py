"""Text to numbers, for training and for serving alike: hashed words and pairs of words."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1024
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def words(text: str) -> list[str]:
    """The words of `text` in lower case, without digits and punctuation."""
    return _WORD.findall(text.lower())


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Rows of shape (len(texts), BUCKETS), each of length one, or zero where there is no word.

    CRC-32 and not `hash()`, which is another one in each process.
    """
    rows = np.zeros((len(texts), BUCKETS), np.float32)
    for row, text in zip(rows, texts, strict=True):
        found = words(text)
        pairs = [f"{left} {right}" for left, right in zip(found, found[1:], strict=False)]
        for term in found + pairs:
            row[zlib.crc32(term.encode("utf-8", "replace")) % BUCKETS] = 1.0
        norm = float(np.sqrt(row.sum()))
        if norm:
            row /= norm
    return rows
