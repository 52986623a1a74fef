"""TensorFlow Serving's model metadata: GET /v1/models/M/metadata, a SignatureDef as JSON."""

from __future__ import annotations

from typing import Any

from harness.contract.signatures.base import Raw, Signature, datatype, signature
from harness.errors import ConfigError

_DEFAULT = "serving_default"


def claims(document: Any) -> bool:
    """Whether it holds signatures."""
    return isinstance(_signatures(document), dict)


def read(document: Any, name: str, path: str) -> Signature:
    """The default signature, which serves requests that name none."""
    signatures = _signatures(document)
    found = signatures.get(_DEFAULT)
    if not isinstance(found, dict):
        known = ", ".join(map(repr, signatures)) or "none"
        raise ConfigError(f"{name}: no signature {_DEFAULT!r}; signatures: {known}")
    try:
        return signature(_side(found.get("inputs")), _side(found.get("outputs")))
    except (AttributeError, TypeError, ValueError) as problem:
        raise ConfigError(f"{name}: a tensor_shape that is none: {problem}") from None


def _signatures(document: Any) -> Any:
    for key in ("metadata", "signature_def", "signature_def"):
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _side(tensors: Any) -> list[Raw]:
    listed = tensors.items() if isinstance(tensors, dict) else ()
    return [_raw(str(name), info if isinstance(info, dict) else {}) for name, info in listed]


def _raw(name: str, info: dict[str, Any]) -> Raw:
    """Sizes are written as text, as 64 bit integers are in the JSON of protocol buffers."""
    said = str(info.get("dtype", "DT_INVALID"))
    shape: Any = info.get("tensor_shape")
    if not isinstance(shape, dict) or shape.get("unknown_rank") is True:
        return Raw(name, datatype(said), None, said)
    dims = shape.get("dim") or []
    return Raw(name, datatype(said), [int(dim.get("size", 0)) for dim in dims], said)
