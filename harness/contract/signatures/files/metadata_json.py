"""metadata.json: {"input_schema": {"feature_1": "float"}, "output_schema": {...}}.

A side's value is a JSON Schema, or an object from names to types: float, int, bool, str, a list
of one type like ["float"], or "list[float]".
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from harness.config.schema import Tensor
from harness.contract.signatures.base import BATCH, Signature, datatype
from harness.contract.signatures.document import load
from harness.contract.text import shown
from harness.errors import ConfigError
from harness.suggest import did_you_mean

_KINDS = {
    **dict.fromkeys(("float", "double", "float16", "float32", "float64", "number"), "number"),
    **dict.fromkeys(("int", "long", "int8", "int16", "int32", "int64", "integer"), "integer"),
    **dict.fromkeys(("uint8", "uint16", "uint32", "uint64"), "integer"),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("str", "string"), "string"),
}
_DATATYPES = {"number": "FP64", "integer": "INT64", "boolean": "BOOL", "string": "BYTES"}
_LIST = re.compile(r"list\[(.+)\]", re.IGNORECASE)
_DEPTH = 8
_SCHEMA_WORDS = ("type", "properties", "items", "$ref", "anyOf", "oneOf", "allOf")


def claims(path: Path) -> bool:
    """Whether it is a JSON file: a model file has another suffix."""
    return path.suffix.lower() == ".json" and path.is_file()


def read(path: Path) -> Signature:
    """Both sides as schemas, and as tensors of one number a row where all are plain columns."""
    document = load(path)
    if not isinstance(document, dict) or not isinstance(document.get("input_schema"), dict):
        raise ConfigError(
            f'{path}: no "input_schema"; expected {{"input_schema": {{"feature_1": "float"}}, '
            '"output_schema": {"score": "float"}}'
        )
    sides = []
    for key in ("input_schema", "output_schema"):
        side = document.get(key, {})
        if not isinstance(side, dict):
            raise ConfigError(f"{path}: {key} = {shown(side, 60)}: expected an object")
        sides.append(side)
    given, returned = sides
    return Signature(
        _columns(given),
        _columns(returned),
        request=_schema(given, f"{path}: input_schema"),
        response=_schema(returned, f"{path}: output_schema") if returned else None,
    )


def _schema(side: dict[str, Any], where: str) -> Any:
    if _is_schema(side):
        return side
    members = {name: _of(kind, f"{where}.{name}", 0) for name, kind in side.items()}
    return {"type": "object", "properties": members, "required": list(members)}


def _is_schema(side: dict[str, Any]) -> bool:
    """A column may be called "type" as well, but then it is a number or the like."""
    kind = side.get("type")
    plain = isinstance(kind, str) and kind.lower() in _KINDS
    composed = any(isinstance(side.get(word), (dict, list)) for word in _SCHEMA_WORDS[1:])
    return composed or kind in ("object", "array") or (plain and set(side) == {"type"})


def _of(kind: Any, where: str, depth: int) -> Any:
    """The schema of one column."""
    if depth > _DEPTH:
        raise ConfigError(f"{where}: nested deeper than {_DEPTH} lists")
    if isinstance(kind, dict):
        return kind
    if isinstance(kind, list) and len(kind) == 1:
        return {"type": "array", "items": _of(kind[0], where, depth + 1)}
    listed = _LIST.fullmatch(kind.strip()) if isinstance(kind, str) else None
    if listed is not None:
        return {"type": "array", "items": _of(listed[1], where, depth + 1)}
    word = kind.strip().lower() if isinstance(kind, str) else ""
    if word not in _KINDS:
        near = did_you_mean(word, _KINDS)
        raise ConfigError(
            f"{where} = {shown(kind, 60)}: unknown type{near}; "
            "expected float, int, bool, str, or a list of one"
        )
    return {"type": _KINDS[word]}


def _columns(side: dict[str, Any]) -> tuple[Tensor, ...]:
    if _is_schema(side) or not all(isinstance(kind, str) for kind in side.values()):
        return ()
    kinds = {name: _KINDS.get(kind.strip().lower()) for name, kind in side.items()}
    if not all(kinds.values()):
        return ()
    return tuple(
        Tensor(name=name, datatype=_precise(side[name], str(kind)), shape=[BATCH])
        for name, kind in kinds.items()
    )


def _precise(word: str, kind: str) -> str:
    """FP32 for "float32"; a plain "float" is Python's, of 64 bits."""
    return datatype(word.strip()) or _DATATYPES[kind]
