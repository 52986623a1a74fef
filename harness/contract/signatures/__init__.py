"""Signatures: what a model file, a description beside it, or a server says of inputs and outputs.

A source is a module of `files`, with `claims(path)` and `read(path)`, or of `servers`, with
`claims(document)` and `read(document, name, path)`; `read` gives a Signature and raises
ConfigError. A new source is a new file there, and nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.contract.signatures.base import Signature
from harness.errors import ConfigError

__all__ = ["Signature", "of_file", "of_server"]


def of_file(path: Path) -> Signature:
    """The signature in a file or folder. Raises ConfigError with the path and a hint."""
    if not path.exists():
        raise ConfigError(f"{path}: no such file or folder")
    for source in _sources("files"):
        if source.claims(path):
            found: Signature = source.read(path)
            return found
    raise ConfigError(
        f"{path}: no known kind of signature; expected a file named MLmodel or metadata.json, one "
        "that ends in .onnx, or the folder of an MLflow model or a SavedModel"
    )


def of_server(document: Any, name: str, path: str = "") -> Signature | None:
    """The signature in what a server says of itself; None where it is of no known kind.

    `name` stands before what is wrong with it. `path` is that of the predictions, where it
    describes several; "" to find it.
    Raises ConfigError for a document of a known kind that contradicts itself.
    """
    for source in _sources("servers"):
        if source.claims(document):
            found: Signature = source.read(document, name, path)
            return found
    return None


def _sources(kind: str) -> Iterator[ModuleType]:
    package = importlib.import_module(f"{__name__}.{kind}")
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda item: item.name):
        yield importlib.import_module(f"{package.__name__}.{module.name}")
