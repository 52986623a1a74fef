"""A shard as a file: JSON Lines with a head, the counts of each block, and a digest at the end.

A line for each block, as counts are folded block by block: only so the sums of a merged evaluation
are those of an unsharded one to the bit. Arrays are base64 of their bytes, which keeps floats as
they are. The last line tells how many blocks there are and the digest of everything before it, so
that a file which was cut or altered on its way is told from a whole one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from harness.accuracy.counting import Counts
from harness.accuracy.workers import Array
from harness.errors import ConfigError
from harness.files import writing_whole

_KIND, _VERSION = "releasegate accuracy shard", 1
_PLACE = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Place:
    """Shard `number` of `of`, counted from 1: it has every `of`-th block."""

    number: int
    of: int

    @staticmethod
    def parse(text: str) -> Place:
        """From text like "2/8". Raises ConfigError."""
        found = _PLACE.fullmatch(text)
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of:
            raise ConfigError(
                f"--shard {text}: expected i/N with i from 1 to N, like 1/4 for the first of four"
            )
        return Place(number, of)

    def blocks(self, total: int) -> range:
        """Its blocks of all `total`."""
        return range(self.number - 1, total, self.of)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True, slots=True)
class Header:
    """What a shard is a part of, and where it was computed."""

    job: str  # digest of all that the counts depend on
    models: tuple[str, str]  # digests or runtimes of reference and candidate, for messages
    data: str  # digest of the data set
    blocks: int  # of the whole evaluation
    number: int
    of: int
    processor: str  # what keeps its int8 sums exact; "" for one that cuts them

    @property
    def place(self) -> Place:
        """Which of how many."""
        return Place(self.number, self.of)


def write(path: Path, header: Header, counted: Iterable[tuple[int, Counts]]) -> None:
    """Write a shard, whole or not at all. Raises OSError, and what `counted` raises."""
    with writing_whole(path) as file:
        digest, blocks = hashlib.sha256(), 0
        _line(file, digest, {"kind": _KIND, "version": _VERSION, **asdict(header)})
        for index, counts in counted:
            fields, arrays = counts.fields()
            packed = {name: _packed(array) for name, array in arrays.items()}
            _line(file, digest, {"block": index, "fields": fields, "arrays": packed})
            blocks += 1
        end = {"blocks": blocks, "sha256": digest.hexdigest()}
        file.write(json.dumps(end).encode() + b"\n")


def read_header(path: Path) -> Header:
    """The head of a shard. Raises ConfigError for a file that is none."""
    try:
        with path.open("rb") as file:
            return _header(path, file.readline())
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None


def read_blocks(path: Path) -> Generator[tuple[int, Counts], None, None]:
    """The blocks of a shard in rising order, one at a time.

    Raises ConfigError where the file is not whole, is not one that was written here, or lacks a
    block: at its end at the latest.
    """
    header = read_header(path)
    expected = list(header.place.blocks(header.blocks))
    found: list[int] = []
    with path.open("rb") as file:
        line, digest = file.readline(), hashlib.sha256()
        digest.update(line)
        while (line := file.readline()) and not line.startswith(b'{"blocks"'):
            digest.update(line)
            row = _row(path, line)
            found.append(row["block"])
            yield row["block"], _counts(path, row)
        _check_end(path, line, file.read(1), len(found), digest.hexdigest())
    if found != expected:
        raise ConfigError(f"{path}: holds other blocks than shard {header.place} has; make it anew")


def check(path: Path) -> Header:
    """Read a shard from end to end. Raises ConfigError as `read_blocks` does."""
    for _ in read_blocks(path):
        pass
    return read_header(path)


def _line(file: IO[bytes], digest: Any, row: Mapping[str, Any]) -> None:
    line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
    digest.update(line)
    file.write(line)


def _packed(array: Array) -> list[Any]:
    whole = np.ascontiguousarray(array)
    return [whole.dtype.str, whole.shape, base64.b64encode(whole.tobytes()).decode()]


def _unpacked(packed: Any) -> Array:
    dtype, shape, text = packed
    kind = np.dtype(str(dtype))
    if kind.kind not in "biufUS":
        raise ValueError(f"an array of datatype {dtype}")
    data = base64.b64decode(text, validate=True)
    return np.frombuffer(data, kind).reshape([int(size) for size in shape])


def _row(path: Path, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError
    except ValueError:
        raise _cut(path) from None
    return row


def _counts(path: Path, row: Mapping[str, Any]) -> Counts:
    try:
        arrays = {name: _unpacked(packed) for name, packed in row["arrays"].items()}
        return Counts.of(row["fields"], arrays)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as problem:
        raise ConfigError(
            f"{path}: block {row.get('block')} holds no counts ({problem}); was the shard made by "
            "another version of releasegate?"
        ) from None


def _header(path: Path, line: bytes) -> Header:
    try:
        row = json.loads(line)
        kind, version = row.pop("kind"), row.pop("version")
    except (ValueError, KeyError, TypeError, AttributeError):
        kind, version = None, None
    if kind != _KIND:
        raise ConfigError(f"{path}: not a shard: expected a file of `gate accuracy shard`")
    if version != _VERSION:
        raise ConfigError(f"{path}: a shard of version {version}, expected version {_VERSION}")
    try:
        header = Header(**{**row, "models": tuple(row["models"])})
        Place.parse(f"{header.number}/{header.of}")
        range(header.blocks)
    except (KeyError, TypeError, ConfigError):
        raise ConfigError(f"{path}: the head of the shard is not whole; make it anew") from None
    return header


def _check_end(path: Path, line: bytes, more: bytes, blocks: int, digest: str) -> None:
    if not line.endswith(b"\n") or more:
        raise _cut(path)
    end = _row(path, line)
    if end.get("blocks") != blocks or end.get("sha256") != digest:
        raise ConfigError(
            f"{path}: the content does not match the digest at its end: the shard was altered or "
            "damaged; make it anew, or copy it again"
        )


def _cut(path: Path) -> ConfigError:
    return ConfigError(
        f"{path}: the shard is cut short: it was still being written, or not copied whole"
    )
