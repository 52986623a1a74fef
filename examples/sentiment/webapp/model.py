"""The model: an ONNX file that was chosen by name, asked one text at a time."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from .features import encode

KINDS = ("fp32", "int8")


class Model:
    """Says of a text whether it speaks well of its subject."""

    def __init__(self, folder: Path, kind: str) -> None:
        """Load `sentiment.<kind>.onnx` from `folder`.

        Raises ValueError for an unknown kind, FileNotFoundError for a missing file.
        """
        if kind not in KINDS:
            raise ValueError(f"MODEL={kind!r}, expected one of {', '.join(KINDS)}")
        path = folder / f"sentiment.{kind}.onnx"
        if not path.is_file():
            raise FileNotFoundError(f"no model at {path}: run `python -m training.train` first")
        self.kind = kind
        self._session = onnxruntime.InferenceSession(
            str(path), _options(), providers=["CPUExecutionProvider"]
        )

    def positive(self, text: str) -> bool:
        """Whether `text` is positive."""
        (probabilities,) = self._session.run(["probabilities"], {"x": encode([text])})
        return bool(probabilities[0, 1] > probabilities[0, 0])


def _options() -> onnxruntime.SessionOptions:
    """One thread a request: the model is small, and gunicorn has threads already."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return options
