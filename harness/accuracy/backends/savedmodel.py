"""TensorFlow SavedModels, run by tensorflow on one CPU thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.accuracy.backends.base import Array, Options, choice
from harness.accuracy.backends.tensorflow_runtime import one_batch, slot, tensorflow
from harness.accuracy.errors import ModelError

SUFFIXES = ("/",)
SIGNATURE = "serving_default"


class SavedModelSession:
    """The signature `serving_default` of a SavedModel."""

    largest_batch: int | None = None

    def __init__(self, runtime: Any, model: Any) -> None:
        self._runtime = runtime
        self._model = model  # its variables live only as long as it does
        self._call = model.signatures[SIGNATURE]
        self.runtime = f"tensorflow {runtime.__version__}"
        specs = self._call.structured_input_signature[1]
        shapes = {
            name: None if spec.shape.rank is None else spec.shape.as_list()
            for name, spec in specs.items()
        }
        self.inputs = tuple(
            slot(name, shapes[name], spec.dtype.name) for name, spec in specs.items()
        )
        self.fixed_batch = one_batch(shapes.values())

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name."""
        tensors = {name: self._runtime.constant(rows) for name, rows in feeds.items()}
        return {name: value.numpy() for name, value in self._call(**tensors).items()}


def load(path: Path, options: Options) -> SavedModelSession:
    """Open a model. Raises ModelError for a folder that is none, and for one that takes no rows."""
    choice(options.settings, {})
    if not (path / "saved_model.pb").is_file():
        raise ModelError("the folder has no saved_model.pb, so it is not a SavedModel")
    runtime = tensorflow("a SavedModel")
    model = runtime.saved_model.load(str(path))
    if SIGNATURE not in model.signatures:
        known = ", ".join(model.signatures) or "none"
        raise ModelError(f"has no signature {SIGNATURE!r}; signatures: {known}")
    return SavedModelSession(runtime, model)
