"""A draft: what will be written, tried as it stands from a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import temporary
from harness.config import load
from harness.contract import Contract
from harness.init import toml

if TYPE_CHECKING:
    from harness.config.schema import Tensor

EXAMPLES = "contracts/examples.jsonl"
REQUEST = "contracts/request.schema.json"
RESPONSE = "contracts/response.schema.json"
DOCUMENT = "contracts/openapi.json"
GATE = "gate.toml"
_HEAD = "# Written by `gate init`. What it guessed is yours to check: see docs/gate-toml.md.\n"


@dataclass(frozen=True)
class Draft:
    """The files of a gate; every change makes a new one."""

    candidate: dict[str, Any]
    contract: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)  # beside gate.toml, by relative path
    told: tuple[str, ...] = ()  # lines for the terminal: what was found, what was guessed

    def having(self, told: str = "", **contract: Any) -> Draft:
        """With these keys of [contract]; None takes one away."""
        lines = (*self.told, told) if told else self.told
        return replace(self, contract={**self.contract, **contract}, told=lines)

    def holding(self, key: str, name: str, content: bytes, told: str = "") -> Draft:
        """With a file that a key of [contract] names."""
        drafted = self.having(told, **{key: name})
        return replace(drafted, files={**self.files, name: content})

    def all_files(self) -> dict[str, bytes]:
        """Everything that will be written, gate.toml last."""
        text = toml.dumps({"version": 1, "candidate": self.candidate, "contract": self.contract})
        return {**self.files, GATE: (_HEAD + text).encode()}

    @contextmanager
    def opened(self, base_url: str) -> Iterator[Contract]:
        """The contract that these files make, learned from the service."""
        with temporary.folder() as folder:
            write(Path(folder), self.all_files())
            yield Contract.load(load(Path(folder) / GATE, url=base_url)).learn(base_url)


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files that are not there yet. Raises OSError, FileExistsError among them."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)


def pretty(document: Any) -> bytes:
    """JSON for people."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def lines(rows: list[dict[str, Any]]) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def tables(tensors: tuple[Tensor, ...]) -> list[dict[str, Any]] | None:
    """[[contract.inputs]], without what is left open."""
    return [
        tensor.model_dump(exclude_defaults=True) | {"datatype": tensor.datatype}
        for tensor in tensors
    ] or None
