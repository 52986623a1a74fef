"""ONNX models: the inputs and outputs of the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.contract.signatures.base import Raw, Signature, datatype, signature
from harness.contract.signatures.worker import ask

_OWN = {"float": "FP32"}  # ONNX calls 32 bits a float, Python 64


def claims(path: Path) -> bool:
    """Whether the name says so."""
    return path.suffix.lower() == ".onnx" and path.is_file()


def read(path: Path) -> Signature:
    """Inputs that an initializer fills are left out: a request need not give them."""
    inputs, outputs = ask("onnx", path)
    return signature(map(_raw, inputs), map(_raw, outputs))


def _raw(described: list[Any]) -> Raw:
    name, kind, shape = described
    return Raw(str(name), _OWN.get(kind) or datatype(kind), shape, str(kind))
