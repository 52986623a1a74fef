"""BentoML's own description of a service: GET /schema.json."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.contract.judging.tensors import INTEGERS
from harness.contract.signatures.base import Raw, Signature, datatype, signature
from harness.contract.text import shown
from harness.errors import ConfigError

_BEYOND_JSON = ("file", "dataframe")  # sent as a form or a table of its own


def claims(document: Any) -> bool:
    """Whether it lists routes with an input."""
    routes = document.get("routes") if isinstance(document, dict) else None
    return isinstance(routes, list) and all(
        isinstance(route, dict) and isinstance(route.get("route"), str) for route in routes
    )


def read(document: Any, name: str, path: str) -> Signature:
    """The route at `path`, or the only one that takes JSON. Raises ConfigError."""
    routes = {route["route"]: route for route in document["routes"]}
    usable = [said for said, route in routes.items() if _is_json(route.get("input"))]
    chosen = path or (usable[0] if len(usable) == 1 else "")
    if chosen not in routes:
        named = ", ".join(usable or routes) or "none"
        raise ConfigError(f"{name}: {shown(path)}: give contract.path, one of {named}")
    route = routes[chosen]
    if not _is_json(route.get("input")):
        return Signature(path=chosen, notes=(f"{chosen} takes files or tables, not plain JSON",))
    response = route.get("output")
    # What a method returns has no name; the gate needs one to speak of it.
    found = signature(_tensors(route["input"]), _tensors({"properties": {"output": response}}))
    return replace(
        found,
        request=None if found.inputs else _plain(route["input"], 0),
        response=_plain(response, 0) if _is_json(response) and not found.outputs else None,
        path=chosen,
    )


def _tensors(schema: dict[str, Any]) -> list[Raw]:
    """The members, where all of them are tensors."""
    members = schema.get("properties")
    if not isinstance(members, dict) or not all(map(_is_tensor, members.values())):
        return []
    return [_raw(name, said) for name, said in members.items()]


def _is_tensor(schema: Any) -> bool:
    """Whether it is a tensor whose number of dimensions is known."""
    shape = schema.get("shape") if isinstance(schema, dict) else None
    sound = isinstance(shape, list) and all(type(size) is int for size in shape)
    return sound and schema.get("type") == "tensor"


def _raw(name: str, tensor: dict[str, Any]) -> Raw:
    said = str(tensor.get("dtype", "float64"))  # without one, any number will do
    return Raw(name, datatype(said), tensor["shape"], said)


def _is_json(schema: Any) -> bool:
    if not isinstance(schema, dict) or schema.get("is_stream"):
        return False
    members = schema.get("properties")
    parts = [schema, *(members.values() if isinstance(members, dict) else ())]
    return not any(isinstance(p, dict) and p.get("type") in _BEYOND_JSON for p in parts)


def _plain(schema: Any, depth: int) -> Any:
    """JSON Schema, with tensors as the nested lists that they are on the wire."""
    if depth > 32 or not isinstance(schema, (dict, list)):
        return schema
    if isinstance(schema, list):
        return [_plain(item, depth + 1) for item in schema]
    if schema.get("type") == "tensor":
        return _nested(schema)
    return {key: _plain(value, depth + 1) for key, value in schema.items()}


def _nested(tensor: dict[str, Any]) -> Any:
    whole = datatype(tensor.get("dtype")) in INTEGERS
    found: Any = {"type": "integer" if whole else "number"}
    shape = tensor.get("shape")
    if not isinstance(shape, list):
        return {"type": "array"}
    for size in reversed(shape):
        sized = {"minItems": size, "maxItems": size} if type(size) is int and size >= 0 else {}
        found = {"type": "array", "items": found, **({"minItems": 1, **sized})}
    return found
