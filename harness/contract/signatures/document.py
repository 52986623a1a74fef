"""JSON documents of the user's: read strictly, refused with their path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.contract.wire.strictjson import parse
from harness.errors import ConfigError

_LARGEST = 32 * 1024 * 1024  # bytes


def load(path: Path) -> Any:
    """The value in a JSON file. Raises ConfigError with the path and what is wrong."""
    return loads(content(path), str(path))


def content(path: Path) -> bytes:
    """What a file holds. Raises ConfigError for one that cannot be read, or is too large."""
    try:
        with path.open("rb") as stream:
            body = stream.read(_LARGEST + 1)
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None
    if len(body) > _LARGEST:
        raise ConfigError(f"{path}: larger than {_LARGEST >> 20} MiB")
    return body


def loads(body: bytes, where: str) -> Any:
    """The value of a JSON text that `where` names. Raises ConfigError."""
    parsed = parse(body)
    if not parsed.readable or any(problem.severity == "error" for problem in parsed.problems):
        raise ConfigError(f"{where}: {parsed.problems[0].message}")
    return parsed.value
