"""Rows that the evaluation holds twice, or that the quantizer was calibrated on.

Rows are compared by a digest of their inputs, 128 bits of BLAKE2b. The digests go to unlinked
files, split so that each is sorted in little memory however many rows there are.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.datasets import Array, Batch, Roles, Source, prepare
from harness.accuracy.datasets.base import CHUNK
from harness.accuracy.datasets.roles import CLASSES
from harness.accuracy.workers import Child
from harness.accuracy.workers.main import Handler
from harness.config import Gate
from harness.errors import ConfigError
from harness.model import Finding, Measurement, Severity

_RECORD = np.dtype([("high", "<u8"), ("low", "<u8"), ("label", "<u8"), ("row", "<i8")])
_PART = 8 << 20  # bytes of records that are sorted at once
_SHOWN = 5
_EXACT = 1 << 24  # whole numbers up to here are the same as float32
_WHOLE = float(1 << 53)  # and up to here as float64
_WITHIN = 6 * 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What was found; pairs are numbers of rows, the earlier first."""

    rows: int
    repeated: int = 0  # rows whose inputs an earlier row has, too
    contradictory: int = 0  # of these, with another label than the first of them
    pairs: list[tuple[int, int]] = field(default_factory=list)  # some of them
    shared: int = 0  # rows whose inputs the calibration set has, too
    shared_pairs: list[tuple[int, int]] = field(default_factory=list)  # row, row there

    def __add__(self, other: Duplicates) -> Duplicates:
        return Duplicates(
            self.rows,
            self.repeated + other.repeated,
            self.contradictory + other.contradictory,
            sorted(self.pairs + other.pairs)[:_SHOWN],
            self.shared + other.shared,
            sorted(self.shared_pairs + other.shared_pairs)[:_SHOWN],
        )


def data_evidence(gate: Gate) -> list[Measurement | Finding]:
    """Shares of rows that stand twice, or in the calibration set, in %, with what to do.

    Raises ConfigError, DatasetError, WorkerDied.
    """
    config = gate.accuracy
    if config is None:
        raise ConfigError(f"{gate.path}: has no [accuracy], so there are no rows")
    store = gate.root / ".gate" / "datasets"
    roles = Roles.of(config)
    source = prepare(gate.find(config.dataset), roles, store)
    other = None
    if config.calibration is not None:
        inputs = Roles(roles.inputs)
        other = prepare(gate.find(config.calibration), inputs, store)
    found = duplicates(source, other)
    share = 100 * found.repeated / found.rows
    evidence: list[Measurement | Finding] = [
        Measurement("duplicate_rows", share, "%", n=found.rows),
        *_repeated(found),
    ]
    if other is not None:
        share = 100 * found.shared / found.rows
        evidence += [Measurement("calibration_overlap", share, "%", n=found.rows)]
        evidence += _shared(found, config.calibration or "", other.rows)
    return evidence


def duplicates(source: Source, calibration: Source | None = None) -> Duplicates:
    """Look for rows that stand twice, in a child process. Raises DatasetError, WorkerDied."""
    fields = {
        "source": source.fields(),
        "calibration": None if calibration is None else calibration.fields(),
    }
    with Child(__name__, {}, about=f"data set {source.path}") as child:
        child.start(_WITHIN)
        found, _ = child.ask(fields, {}, _WITHIN)
    return _of(found)


def serve(_: Mapping[str, Any]) -> Handler:
    """The child's side."""

    def handle(asked: dict[str, Any], _: object) -> Any:
        source = Source.of(asked["source"])
        other = None if asked["calibration"] is None else Source.of(asked["calibration"])
        found = look(source, other)
        return {name: getattr(found, name) for name in Duplicates.__slots__}, {}

    return handle


def look(source: Source, calibration: Source | None) -> Duplicates:
    """What `duplicates` does, in this process."""
    rows = source.rows + (calibration.rows if calibration else 0)
    parts = 1 << max(0, (rows * _RECORD.itemsize // _PART).bit_length())
    found = Duplicates(source.rows)
    with ExitStack() as opened:
        files = [opened.enter_context(tempfile.TemporaryFile()) for _ in range(parts)]
        for records in _records(source):
            _spread(records, files)
        for records in _records(calibration) if calibration else ():
            records["row"] = -1 - records["row"]  # below zero: of the calibration set
            _spread(records, files)
        for file in files:
            file.seek(0)
            found += _counted(np.frombuffer(file.read(), _RECORD))
    return found


def _records(source: Source) -> Iterator[NDArray[Any]]:
    with source.open() as data:
        for batch in data.batches(max(1, CHUNK // data.row_bytes())):
            records = np.zeros(len(batch.ids), _RECORD)
            digests = np.frombuffer(b"".join(_digests(batch)), "<u8").reshape(-1, 2)
            records["high"], records["low"] = digests.T
            records["row"] = batch.ids
            if source.roles.labels is not None and source.roles.kind == CLASSES:
                records["label"] = _codes(batch.labels)
            yield records


def _digests(batch: Batch) -> Iterator[bytes]:
    columns = [_row_bytes(column) for _, column in sorted(batch.inputs.items())]
    for row in zip(*columns, strict=True):
        yield hashlib.blake2b(b"\x1e".join(row), digest_size=16).digest()


def _row_bytes(column: Array) -> list[bytes]:
    """The bytes of each row, the same for equal numbers of whatever datatype.

    Calibration rows are often kept as bytes where evaluation rows are floats, or the reverse.
    """
    if column.dtype.kind in "US":
        texts = column.reshape(len(column), -1).astype(str).tolist()
        return ["\x1f".join(row).encode() for row in texts]
    flat = column.reshape(len(column), -1)
    with np.errstate(over="ignore"):  # of numbers that are taken as they are below
        plain = np.ascontiguousarray(flat, np.float32) + np.float32(0)  # -0.0 becomes 0.0
    found = [row.tobytes() for row in plain]
    if flat.dtype.itemsize > 2:  # there may be numbers that float32 does not tell apart, like dates
        large = (flat > _EXACT) | (flat < -_EXACT)
        rows = np.flatnonzero(large.any(axis=1))
        exact = np.where(large[rows], flat[rows].astype(np.float64), plain[rows])
        for i, row in zip(rows, exact, strict=True):
            whole = flat.dtype.kind in "iu" and (np.abs(row) > _WHOLE).any()
            found[i] = (flat[i].astype(np.int64) if whole else row).tobytes()
    return found


def _codes(labels: Array) -> NDArray[np.uint64]:
    if labels.dtype.kind == "i":
        return labels.astype(np.int64).view(np.uint64)
    pieces = [hashlib.blake2b(str(text).encode(), digest_size=8).digest() for text in labels]
    return np.frombuffer(b"".join(pieces), np.uint64)


def _spread(records: NDArray[Any], files: Sequence[IO[bytes]]) -> None:
    """Each record to the file of its digest: equal rows meet in one file."""
    owners = records["high"] % np.uint64(len(files))
    for i in np.unique(owners):
        files[int(i)].write(records[owners == i].tobytes())


def _counted(records: NDArray[Any]) -> Duplicates:
    """Groups of equal digests among some records, which hold all or none of each group."""
    found = Duplicates(0)
    if not len(records):
        return found
    ordered = records[np.lexsort((records["row"], records["low"], records["high"]))]
    new = np.ones(len(ordered), bool)
    new[1:] = np.any([ordered[key][1:] != ordered[key][:-1] for key in ("high", "low")], axis=0)
    group = np.cumsum(new) - 1
    ours = ordered["row"] >= 0
    number = np.bincount(group, ours).astype(np.int64)
    theirs = np.bincount(group, ~ours) > 0
    # The rows of each group lie in their order, those of the calibration set before them.
    first = np.full(len(number), -1, np.int64)
    index = np.flatnonzero(ours)[::-1]
    first[group[index]] = index
    again = ours & (np.arange(len(ordered)) != first[group])
    other = again & (ordered["label"] != ordered["label"][first[group]])
    both = theirs[group] & ours
    start = np.flatnonzero(new)[group]
    return replace(
        found,
        repeated=int(again.sum()),
        contradictory=int(other.sum()),
        pairs=_pairs(ordered["row"][first[group]], ordered["row"], again),
        shared=int(both.sum()),
        shared_pairs=_pairs(ordered["row"], -1 - ordered["row"][start], both),
    )


def _pairs(one: Array, another: Array, chosen: Array) -> list[tuple[int, int]]:
    pairs = zip(one[chosen].tolist(), another[chosen].tolist(), strict=True)
    return sorted(pairs)[:_SHOWN]


def _of(fields: Mapping[str, Any]) -> Duplicates:
    pairs = {name: [tuple(pair) for pair in fields[name]] for name in ("pairs", "shared_pairs")}
    return Duplicates(**{**fields, **pairs})


def _repeated(found: Duplicates) -> Iterator[Finding]:
    if found.repeated:
        shown = ", ".join(f"{second} as {first}" for first, second in found.pairs)
        yield Finding(
            "duplicate-rows",
            f"{found.repeated} of {found.rows} rows ({100 * found.repeated / found.rows:.3g} %) "
            f"have the inputs of an earlier row: row {shown}; intervals take them for "
            "independent, and are too narrow: remove them, or say what belongs together in "
            "accuracy.clusters",
            severity=Severity.WARNING,
        )
    if found.contradictory:
        yield Finding(
            "contradictory-labels",
            f"{found.contradictory} of these have another label than the row that they repeat: "
            "no model can be right on both",
            severity=Severity.WARNING,
        )


def _shared(found: Duplicates, name: str, rows: int) -> Iterator[Finding]:
    if found.shared:
        shown = ", ".join(f"row {row} (row {there} there)" for row, there in found.shared_pairs)
        yield Finding(
            "calibration-overlap",
            f"{found.shared} of {found.rows} rows ({100 * found.shared / found.rows:.3g} %) are in "
            f"the calibration set {name} of {rows} rows, too: {shown}; the quantizer has seen "
            "them, so what they show is too good",
            severity=Severity.ERROR,
            expected="no row that the quantizer has seen",
        )
