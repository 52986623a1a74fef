"""The model metadata of the Open Inference Protocol: GET /v2/models/M."""

from __future__ import annotations

from typing import Any

from harness.contract.signatures.base import Raw, Signature, datatype, signature


def claims(document: Any) -> bool:
    """Whether it lists tensors with name, datatype and shape; lists may be empty or null."""
    if not isinstance(document, dict) or not {"name", "inputs", "outputs"} <= document.keys():
        return False
    sides = [document[side] or [] for side in ("inputs", "outputs")]
    return all(isinstance(side, list) and all(map(_is_tensor, side)) for side in sides)


def read(document: Any, name: str, path: str) -> Signature:
    """What it lists: -1 is an open dimension."""
    return signature(
        [_raw(item) for item in document["inputs"] or []],
        [_raw(item) for item in document["outputs"] or []],
    )


def _is_tensor(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    shape = item.get("shape")
    sound = isinstance(shape, list) and all(type(size) is int for size in shape)
    return sound and isinstance(item.get("name"), str) and isinstance(item.get("datatype"), str)


def _raw(item: Any) -> Raw:
    return Raw(item["name"], datatype(item["datatype"]), item["shape"], item["datatype"])
