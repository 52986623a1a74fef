"""TensorFlow SavedModels, run by tensorflow on one CPU thread; imported nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.backends.base import Array, Options, Slot
from harness.accuracy.errors import ModelError

SUFFIXES = ("/",)
SIGNATURE = "serving_default"


class SavedModelSession:
    """The signature `serving_default` of a SavedModel."""

    def __init__(self, tensorflow: Any, model: Any) -> None:
        self._tensorflow = tensorflow
        self._model = model  # its variables live only as long as it does
        self._call = model.signatures[SIGNATURE]
        self.runtime = f"tensorflow {tensorflow.__version__}"
        specs = self._call.structured_input_signature[1]
        self.inputs = tuple(_slot(name, spec) for name, spec in specs.items())
        fixed = {spec.shape[0] for spec in specs.values() if spec.shape.rank}
        self.fixed_batch = next(iter(fixed)) if len(fixed) == 1 else None

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name."""
        tensors = {name: self._tensorflow.constant(rows) for name, rows in feeds.items()}
        return {name: value.numpy() for name, value in self._call(**tensors).items()}


def load(path: Path, options: Options) -> SavedModelSession:
    """Open a model."""
    if not (path / "saved_model.pb").is_file():
        raise ModelError("the folder has no saved_model.pb, so it is not a SavedModel")
    tensorflow = _tensorflow()
    model = tensorflow.saved_model.load(str(path))
    if SIGNATURE not in model.signatures:
        known = ", ".join(model.signatures) or "none"
        raise ModelError(f"has no signature {SIGNATURE!r}; signatures: {known}")
    return SavedModelSession(tensorflow, model)


def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    try:
        import tensorflow
    except ImportError as problem:
        raise ModelError(
            f"a SavedModel needs tensorflow ({problem}); pip install 'releasegate[tensorflow]'"
        ) from None
    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    return tensorflow


def _slot(name: str, spec: Any) -> Slot:
    if spec.shape.rank is None:
        raise ModelError(f"input {name!r} has no known number of dimensions")
    dtype = np.dtype("str") if spec.dtype.name == "string" else spec.dtype.as_numpy_dtype
    return Slot(name, np.dtype(dtype), tuple(spec.shape.as_list()[1:]))
