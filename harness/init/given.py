"""What was given with --example: JSON, or files that hold some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.contract.signatures.document import content, loads
from harness.errors import ConfigError


def requests(given: Sequence[str]) -> tuple[Any, ...]:
    """The requests. Raises ConfigError for what is neither JSON nor a file of it.

    A .jsonl file holds one a line: a request, or an example as gate.toml has them.
    """
    return tuple(request for text in given for request in _requests(text))


def _requests(text: str) -> Iterator[Any]:
    path = Path(text)
    if text.lstrip()[:1] not in ("{", "[", '"') and path.exists():
        if path.suffix == ".jsonl":
            for number, line in enumerate(content(path).splitlines(), 1):
                if line.strip():
                    yield _shown(loads(line, f"--example {path}:{number}"))
        else:
            yield loads(content(path), f"--example {path}")
        return
    try:
        yield loads(text.encode("utf-8", "surrogateescape"), f"--example {text[:60]}")
    except ConfigError as problem:
        hint = "" if text.lstrip()[:1] in ("{", "[") else "; there is no file of that name either"
        raise ConfigError(f"{problem}{hint}") from None


def _shown(value: Any) -> Any:
    """The request of a line of contract.examples."""
    is_example = isinstance(value, dict) and "request" in value
    return value["request"] if is_example and value.keys() <= _KEYS else value


_KEYS = {"request", "response", "status"}
