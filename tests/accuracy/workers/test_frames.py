"""Frames carry arrays unharmed, and nothing that is not an array."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest

from harness.accuracy.workers import frames


def _through(fields: dict[str, Any], arrays: dict[str, Any]) -> Any:
    stream = io.BytesIO(b"".join(bytes(piece) for piece in frames.pack(fields, arrays)))
    return frames.unpack(stream.read)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2],
        np.asarray(["a", "bcü"]),
        np.empty((0, 4)),
        np.asarray([[True]]),
        np.asarray([1, 2], dtype=">i4"),
    ],
)
def test_an_array_arrives_as_it_was(array: Any) -> None:
    fields, arrays = _through({"op": "run"}, {"x": array})
    assert fields == {"op": "run"}
    assert arrays["x"].dtype == array.dtype
    assert np.array_equal(arrays["x"], array)


@pytest.mark.parametrize(
    ("dtype", "shape"), [("|O", [1]), ("<f4", [-1]), ("<f4", [1 << 40]), ("<m8[s]", [1])]
)
def test_objects_and_absurd_sizes_are_refused(dtype: str, shape: list[int]) -> None:
    header = json.dumps({"fields": {}, "arrays": [["x", dtype, shape]]}).encode()
    stream = io.BytesIO(struct.pack(">I", len(header)) + header)
    with pytest.raises(ValueError, match="an array of datatype"):
        frames.unpack(stream.read)


def test_an_absurd_header_is_refused() -> None:
    with pytest.raises(ValueError, match="a header of 4294967295 bytes"):
        frames.unpack(io.BytesIO(b"\xff\xff\xff\xff").read)
