"""Outputs of the reference, kept from one run to the next and found again by content.

An entry is the answers to one block. Its name is a digest of all that they depend on: the bytes of
the model, the bytes of the data set, runtime and options, the rows of the block, and the processor,
as integer kernels differ between processors. An entry carries a digest of its own content: one that
was cut short or altered is as good as none, and is computed anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from harness import cpuinfo
from harness.accuracy.evaluation.job import SERVED_BACKEND, Job
from harness.accuracy.workers import frames
from harness.accuracy.workers.frames import Array

MOST_BYTES = 1 << 30  # kept in all
_DIGEST_BYTES = 32
_VERSION = 1  # of what an entry holds
_SUFFIX = ".outputs"


class Cache:
    """The entries of one job's reference."""

    def __init__(self, job: Job) -> None:
        self._folder = Path(job.cache)
        self._identity = json.dumps(
            {
                "version": _VERSION,
                "model": asdict(job.reference),
                "options": asdict(job.pair.reference.options),
                "output": job.pair.output,
                "data": job.pair.source.digest,
                "inputs": dict(job.pair.source.roles.inputs),
                "order": [job.rows, job.block, job.seed if job.shuffled else None],
                "processor": cpuinfo.identity(),
            },
            sort_keys=True,
        )

    def read(self, index: int) -> Array | None:
        """The outputs for block `index`, or None where they are not there, or not whole."""
        path = self._path(index)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, body = content[:_DIGEST_BYTES], memoryview(content)[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            return None
        with contextlib.suppress(OSError):
            path.touch()  # the oldest go first
        _, arrays = frames.unpack(io.BytesIO(body).read)
        return arrays["values"]

    def write(self, index: int, values: Array) -> None:
        """Keep the outputs for block `index`. A full disk is no reason to fail a gate."""
        body = b"".join(frames.pack({}, {"values": values}))
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary = self._folder / f".{uuid.uuid4().hex}{_SUFFIX}"
            temporary.write_bytes(hashlib.sha256(body).digest() + body)
            temporary.replace(self._path(index))

    def _path(self, index: int) -> Path:
        name = hashlib.sha256(f"{self._identity}\0{index}".encode()).hexdigest()
        return self._folder / f"{name}{_SUFFIX}"


def worth_keeping(job: Job) -> bool:
    """Whether the reference's outputs may be kept at all: a service is asked every time."""
    return bool(job.cache) and job.pair.reference.module != SERVED_BACKEND


def prune(folder: Path, most: int = MOST_BYTES) -> None:
    """Remove the entries that were used longest ago, until no more than `most` bytes are kept."""
    entries = sorted(_entries(folder), reverse=True)
    kept = 0
    for _, size, path in entries:
        kept += size
        if kept > most:
            with contextlib.suppress(OSError):
                path.unlink()


def _entries(folder: Path) -> Iterable[tuple[float, int, Path]]:
    for path in folder.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(OSError):  # another run may remove it meanwhile
            found = path.stat()
            yield found.st_mtime, found.st_size, path
