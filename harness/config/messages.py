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


def explain(path: Path, problem: ValidationError, document: type[BaseModel] = GateFile) -> str:
    """One line an error of a file that is not a `document`, the first few of them."""
    errors = problem.errors(include_url=False, include_context=False)
    lines = [f"{path}: {_sentence(error, document)}" for error in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        lines.append(f"... and {len(errors) - _SHOWN} more")
    return "\n".join(lines)


def _sentence(error: ErrorDetails, document: type[BaseModel]) -> str:
    location = [str(part) for part in error["loc"] if not _internal(part)]
    where = ".".join(location) or "the file"
    if error["type"] == "extra_forbidden":
        known = _keys(document, location[:-1])
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


def _keys(document: type[BaseModel], location: list[str]) -> list[str]:
    """The keys that the table at `location` may hold."""
    here: Any = document
    for part in location:
        here = _step(here, part)
    section = _sections(here)
    return list(section[0].model_fields) if section else []


def _step(annotation: Any, part: str) -> Any:
    """The type of `annotation[part]`: a key of a section, or an item of a list or table of them."""
    if typing.get_origin(annotation) in (list, dict):
        return typing.get_args(annotation)[-1]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated):
        return next((step for m in typing.get_args(annotation) if (step := _step(m, part))), None)
    sections = _sections(annotation)
    field = sections[0].model_fields.get(part) if sections else None
    return None if field is None else field.annotation


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """The sections that `annotation` allows: itself, or members of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for member in typing.get_args(annotation) for found in _sections(member)]
