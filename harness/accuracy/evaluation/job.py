"""What is evaluated: two models, a data set, how rows are counted; everything counts depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.accuracy.backends import backend_of
from harness.accuracy.backends.base import Options
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.counting import Scheme
from harness.accuracy.datasets import Source
from harness.accuracy.evaluation.identity import fingerprint

if TYPE_CHECKING:
    from harness.config import Gate

BASELINE, SERVED = "baseline", "served"
SERVED_BACKEND = "harness.accuracy.backends.served"
_BLOCK_ROWS, _BLOCK_BYTES = 4_096, 4 << 20  # at most, but never less than one batch
_SERVED_ROWS = 256  # a service is slow, and a block is answered in bounded time


@dataclass(frozen=True, slots=True)
class Identity:
    """What a model is, whatever it is called and wherever it lies."""

    runtime: str  # name and version of what runs it
    digest: str | None = None  # `sha256:...` of the file or folder; None for a service
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """What a child process opens: the rows and both models."""

    source: Source
    reference: ModelSpec
    candidate: ModelSpec
    output: str | None = None  # of the models, where they have several

    @property
    def served(self) -> bool:
        """Whether one of the two is asked over HTTP."""
        return SERVED_BACKEND in (self.reference.module, self.candidate.module)

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "source": self.source.fields(),
            "reference": self.reference.fields(),
            "candidate": self.candidate.fields(),
            "output": self.output,
        }

    @staticmethod
    def of(fields: Mapping[str, Any]) -> Pair:
        """Back from JSON."""
        return Pair(
            Source.of(fields["source"]),
            ModelSpec.of(fields["reference"]),
            ModelSpec.of(fields["candidate"]),
            fields["output"],
        )


@dataclass(frozen=True, slots=True)
class Job:
    """One evaluation; the counts of each of its blocks follow from it alone."""

    pair: Pair
    reference: Identity
    candidate: Identity
    scheme: Scheme
    block: int  # rows in each block but the last
    seed: int  # of the order of the rows, and of resampling
    shuffled: bool  # False: rows come as they lie, and all of them
    cache: str = ""  # folder of the reference's outputs; "" for none

    @property
    def rows(self) -> int:
        """Rows of the data set."""
        return self.pair.source.rows

    @property
    def digest(self) -> str:
        """`sha256:...` of all that the counts depend on: not of names, places and addresses."""
        known = {
            "data": self.pair.source.digest,
            "roles": self.pair.source.roles.fields(),
            "reference": _known(self.reference, self.pair.reference),
            "candidate": _known(self.candidate, self.pair.candidate),
            "output": self.pair.output,
            "scheme": {**self.scheme.fields(), "folder": ""},
            "order": [self.rows, self.block, self.seed, self.shuffled],
        }
        text = json.dumps(known, sort_keys=True)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "pair": self.pair.fields(),
            "reference": asdict(self.reference),
            "candidate": asdict(self.candidate),
            "scheme": self.scheme.fields(),
            "block": self.block,
            "seed": self.seed,
            "shuffled": self.shuffled,
            "cache": self.cache,
        }

    @staticmethod
    def of(fields: Mapping[str, Any]) -> Job:
        """Back from JSON."""
        return Job(
            pair=Pair.of(fields["pair"]),
            reference=Identity(**fields["reference"]),
            candidate=Identity(**fields["candidate"]),
            scheme=Scheme.of(fields["scheme"]),
            block=int(fields["block"]),
            seed=int(fields["seed"]),
            shuffled=bool(fields["shuffled"]),
            cache=fields["cache"],
        )


def blocks_of(job: Job) -> int:
    """How many blocks the job has."""
    return -(-job.rows // job.block)


def block_size(row_bytes: int, batch: int, *, served: bool) -> int:
    """Rows of a block: whole batches, about four mebibytes of inputs."""
    rows = min(_SERVED_ROWS if served else _BLOCK_ROWS, _BLOCK_BYTES // row_bytes)
    return max(1, rows // batch) * batch


def spec_of(gate: Gate, name: str, url: str | None = None) -> ModelSpec:
    """The model that gate.toml calls `name`, as its `[accuracy]` says that it is run.

    `url` is where it answers, of the words "served" and "baseline". Raises ConfigError where no
    backend reads it.
    """
    assert gate.accuracy is not None
    config = gate.accuracy
    if url is not None:
        options = Options(config.batch, config.optimization, {"url": url})
        return ModelSpec(name, SERVED_BACKEND, str(gate.path), options)
    path = gate.find(name)
    return ModelSpec(name, backend_of(path), str(path), Options(config.batch, config.optimization))


def identity_of(spec: ModelSpec, runtime: str) -> Identity:
    """The model's identity: digest and size of its file, where it has one."""
    if spec.module == SERVED_BACKEND:
        return Identity(runtime)
    return Identity(runtime, *fingerprint(Path(spec.path)))


def _known(identity: Identity, spec: ModelSpec) -> dict[str, Any]:
    """What a model's answers depend on; a service listens at another address in every run."""
    if spec.module == SERVED_BACKEND:
        return {"service": spec.name, "batch": spec.options.batch}
    return {**asdict(identity), **asdict(spec.options)}
