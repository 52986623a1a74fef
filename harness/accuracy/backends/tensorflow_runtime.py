"""TensorFlow, imported in the one child process that needs it, on one CPU thread."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from harness.accuracy.backends.base import Slot
from harness.accuracy.errors import ModelError


def tensorflow(kind: str) -> Any:
    """The module; `kind` of model is what asks for it. Raises ModelError where it is missing."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        import tensorflow as module
    except ImportError as problem:
        raise ModelError(
            f"{kind} needs tensorflow ({problem}); pip install 'releasegate[tensorflow]'"
        ) from None
    module.config.threading.set_intra_op_parallelism_threads(1)
    module.config.threading.set_inter_op_parallelism_threads(1)
    return module


def slot(name: str, shape: Any, dtype: str) -> Slot:
    """An input by TensorFlow's names. Raises ModelError for one of any number of dimensions."""
    if shape is None:
        raise ModelError(f"input {name!r} has no known number of dimensions")
    return Slot(name, np.dtype("str" if dtype == "string" else dtype), tuple(shape)[1:])


def one_batch(shapes: Any) -> int | None:
    """The number of rows that all those shapes ask for, or None where they take any."""
    sizes = {tuple(shape)[0] if len(shape) else None for shape in shapes}
    size = sizes.pop() if len(sizes) == 1 else None
    return None if size is None else int(size)
