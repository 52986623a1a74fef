"""A case: one request with what may be claimed about its answer; and the user's examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from harness.contract.text import shown
from harness.contract.wire.strictjson import parse
from harness.contract.wire.transport import Prepared
from harness.errors import ConfigError

JSON_TYPE = "application/json"
_KEYS = {"request", "response", "status"}
_LINE = '{"request": ..., "response": ..., "status": 200}'


class Claim(Enum):
    """What the contract says about the answer to a request."""

    VALID = "promised: 200"
    ALLOWED = "allowed: 200, and a refusal is worth knowing"
    INVALID = "broken by the contract: 4xx"
    ODD = "not in the contract: anything but a crash"


@dataclass(frozen=True, slots=True)
class Example:
    """One line of the examples file."""

    request: Any
    status: int = 200
    response: Any = None
    has_response: bool = False
    line: int = 0

    @property
    def succeeds(self) -> bool:
        """Whether it shows a prediction."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Case:
    """One request of the corpus."""

    name: str  # `example line 3`, `batch of 8`, `empty body`
    prepared: Prepared
    claim: Claim
    value: Any = None  # the request as JSON, where it is one
    example: Example | None = None
    bound: Mapping[str, int] = field(default_factory=dict)  # dimensions fixed by the request
    promise: str = ""  # where the promise stands that it tests, like `RFC 9110 section 9.3.2`

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis prints of it: not the megabytes of a body (IPython's protocol)."""
        printer.text(f"Case({self.name!r})")


def dumps(value: Any) -> bytes:
    """A JSON body, as short as it gets; text stays UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def prepared(path: str, body: bytes, method: str = "POST") -> Prepared:
    """A request with a JSON body."""
    return Prepared(method, path, {"Content-Type": JSON_TYPE}, body)


def read_examples(path: Path) -> tuple[Example, ...]:
    """The examples of a JSON Lines file. Raises ConfigError with file and line."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
    found = tuple(_example(path, number, line.strip()) for number, line in numbered)
    if not found:
        raise ConfigError(f"{path}: no example, expected lines like {_LINE}")
    return found


def _example(path: Path, number: int, line: bytes) -> Example:
    where = f"{path}:{number}"
    parsed = parse(line)
    if not parsed.readable or any(problem.severity == "error" for problem in parsed.problems):
        raise ConfigError(f"{where}: {parsed.problems[0].message}; expected one JSON object a line")
    raw = parsed.value
    if not isinstance(raw, dict) or "request" not in raw or raw.keys() - _KEYS:
        raise ConfigError(f"{where}: {shown(raw, 80)}: expected {_LINE}")
    status = raw.get("status", 200)
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise ConfigError(f"{where}: status = {shown(status, 40)}: expected one like 200")
    return Example(raw["request"], status, raw.get("response"), "response" in raw, number)
