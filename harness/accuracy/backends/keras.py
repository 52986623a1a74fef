"""Keras 3 models in one .keras file, run by tensorflow on one CPU thread.

Keras reads them in its safe mode, which refuses layers that carry code of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.accuracy.backends.base import Array, Options, choice
from harness.accuracy.backends.tensorflow_runtime import one_batch, slot, tensorflow
from harness.accuracy.errors import ModelError

SUFFIXES = (".keras",)


class KerasSession:
    """A model as it predicts, not as it trains."""

    largest_batch: int | None = None

    def __init__(self, runtime: Any, model: Any) -> None:
        self._runtime = runtime
        self.runtime = f"keras {runtime.keras.__version__}, tensorflow {runtime.__version__}"
        inputs = model.inputs
        self._names = [str(tensor.name) for tensor in inputs]
        self.inputs = tuple(slot(str(t.name), t.shape, str(t.dtype)) for t in inputs)
        self.fixed_batch = one_batch(tensor.shape for tensor in inputs)
        self._outputs = list(getattr(model, "output_names", None) or [])
        self._call = runtime.function(lambda rows: model(rows, training=False))

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name: the model's own, or those of its output layers."""
        tensors = {name: self._runtime.constant(rows) for name, rows in feeds.items()}
        found = self._call(tensors if len(tensors) > 1 else tensors[self._names[0]])
        if not isinstance(found, dict):
            listed = found if isinstance(found, (list, tuple)) else [found]
            names = self._outputs
            if len(names) != len(listed):
                names = [f"output_{number}" for number in range(len(listed))]
            found = dict(zip(names, listed, strict=True))
        return {str(name): value.numpy() for name, value in found.items()}


def load(path: Path, options: Options) -> KerasSession:
    """Open a model. Raises ModelError for one whose inputs are not known before it is called."""
    choice(options.settings, {})
    runtime = tensorflow("a .keras model")
    model = runtime.keras.models.load_model(str(path), compile=False, safe_mode=True)
    if not getattr(model, "inputs", None):
        raise ModelError(
            "the model does not say what its inputs are; build it with keras.Input, or export it "
            "as a SavedModel"
        )
    return KerasSession(runtime, model)
