"""The model: the one ONNX file that was put into the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


class Model:
    """Gives each of ten digits its probability, row by row."""

    def __init__(self, path: Path) -> None:
        """Load `path`. Raises FileNotFoundError where there is no such file."""
        if not path.is_file():
            raise FileNotFoundError(f"no model at {path}: run `python -m training.train` first")
        self._session = onnxruntime.InferenceSession(
            str(path), _options(), providers=["CPUExecutionProvider"]
        )

    def predict(self, rows: list[list[float]]) -> list[Any]:
        """Probabilities of shape (n, 10) for `rows` of shape (n, 64), in the order of the rows."""
        inputs = np.asarray(rows, np.float32)
        (probabilities,) = self._session.run(["probabilities"], {"x": inputs})
        found: list[Any] = probabilities.tolist()
        return found


def _options() -> onnxruntime.SessionOptions:
    """One thread a request: the model is small, and gunicorn has threads already."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return options
