"""Validation errors as sentences: file, key path, received, expected, did you mean."""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.config.schema import GateFile
from harness.suggest import did_you_mean

_LIMIT = 80
_SHOWN = 5


def explain(path: Path, raw: dict[str, Any], problem: ValidationError) -> str:
    """One line an error, the first few of them."""
    errors = problem.errors(include_url=False, include_context=False)
    lines = [f"{path}: {_sentence(error)}" for error in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        lines.append(f"... and {len(errors) - _SHOWN} more")
    return "\n".join(lines)


def _sentence(error: ErrorDetails) -> str:
    location = [str(part) for part in error["loc"] if not _internal(part)]
    where = ".".join(location) or "the file"
    if error["type"] == "extra_forbidden":
        known = _keys(location[:-1])
        return f"{where}: unknown key{did_you_mean(location[-1], known)}; known: {', '.join(known)}"
    if error["type"] == "missing":
        return f"{where}: missing"
    message = error["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:] if not message.startswith(("'", '"')) else message
    received = repr(error["input"])
    if len(received) > _LIMIT:
        received = received[: _LIMIT - 3] + "..."
    return f"{where} = {received}: {message}"


def _internal(part: str | int) -> bool:
    """Parts that pydantic adds for its own use, like the name of a union's member."""
    return isinstance(part, str) and part in {"int", "str", "list[int]", "list[str]"}


def _keys(location: list[str]) -> list[str]:
    """The keys that the table at `location` may hold."""
    model: Any = GateFile
    for part in location:
        model = _step(model, part)
        if model is None:
            return []
    return list(model.model_fields) if _is_model(model) else []


def _step(model: Any, part: str) -> Any:
    if _is_model(model):
        field = model.model_fields.get(part)
        return None if field is None else _unwrap(field.annotation)
    return model


def _unwrap(annotation: Any) -> Any:
    """The section inside `Section | None`, `list[Section]`, `dict[str, Section]`."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, list, dict, typing.Annotated):
        return next((m for m in map(_unwrap, typing.get_args(annotation)) if _is_model(m)), None)
    return annotation


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)
