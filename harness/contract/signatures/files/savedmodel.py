"""TensorFlow SavedModels: the signature `serving_default`."""

from __future__ import annotations

from pathlib import Path

from harness.contract.signatures.base import Signature
from harness.contract.signatures.servers import tensorflow_serving
from harness.contract.signatures.worker import ask


def claims(path: Path) -> bool:
    """Whether it is a folder with a saved_model.pb."""
    return (path / "saved_model.pb").is_file()


def read(path: Path) -> Signature:
    """What TensorFlow Serving would say of the same model."""
    return tensorflow_serving.read(ask("savedmodel", path), str(path), "")
