"""What goes over the pipes of a worker: a JSON header, then arrays as bytes. No pickles.

A frame is the header's length (4 bytes, big-endian), the header, and the bytes of each array that
the header describes, in C order. Both sides check sizes before they read.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_LENGTH = struct.Struct(">I")
_HEADER_BYTES = 1 << 20
ARRAY_BYTES = 1 << 31  # of one array


def pack(fields: Mapping[str, Any], arrays: Mapping[str, Array]) -> Iterator[bytes | memoryview]:
    """The pieces of a frame, to be written one after another."""
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    described = [[name, array.dtype.str, array.shape] for name, array in whole.items()]
    header = json.dumps({"fields": dict(fields), "arrays": described}).encode()
    yield _LENGTH.pack(len(header)) + header
    for array in whole.values():
        if array.size:
            yield array.data.cast("B") if array.dtype.kind in "biuf" else array.tobytes()


def unpack(read: Callable[[int], bytes | bytearray]) -> tuple[dict[str, Any], dict[str, Array]]:
    """The fields and arrays of the next frame; `read(n)` gives exactly n bytes.

    Raises ValueError for something that is not a frame.
    """
    (length,) = _LENGTH.unpack(read(_LENGTH.size))
    if length > _HEADER_BYTES:
        raise ValueError(f"a header of {length} bytes")
    header = json.loads(read(length))
    arrays = {}
    for name, dtype, shape in header["arrays"]:
        arrays[str(name)] = _array(read, np.dtype(dtype), [int(size) for size in shape])
    return header["fields"], arrays


def _array(
    read: Callable[[int], bytes | bytearray], dtype: np.dtype[Any], shape: list[int]
) -> Array:
    size = math.prod(shape) * dtype.itemsize
    if dtype.kind not in "biufUS" or min(shape, default=0) < 0 or size > ARRAY_BYTES:
        raise ValueError(f"an array of datatype {dtype} and shape {shape}")
    return np.frombuffer(read(size), dtype).reshape(shape)
