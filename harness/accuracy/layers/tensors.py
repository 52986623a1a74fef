"""The noise of every tensor that two models share, over a few rows; constant memory.

SQNR is 20 log10(|x| / |x - y|), as in onnxruntime's `qdq_loss_debug`, of sums over all rows: no
tensor is kept. Beside it stands the noise of the candidate's quantizer alone, given the reference's
values: what is more comes from elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.backends.quantization import Affine
from harness.accuracy.errors import ModelError
from harness.accuracy.evaluation.job import Pair
from harness.accuracy.layers import lite_pair, onnx_pair
from harness.accuracy.layers.layer import Layer, Probe
from harness.accuracy.workers import Array, Child
from harness.accuracy.workers.main import Handler
from harness.accuracy.workers.stage import stage

ROWS = 64
_SECONDS = 20.0  # after which fewer rows have to do
_BYTES = 64 << 20  # of tensors at once
_MOST = 1_000  # layers; of larger models those with weights
_WITHIN = 600.0  # seconds


class Side(Protocol):
    """Two models of one format, opened to be looked into."""

    probes: tuple[Probe, ...]
    affines: tuple[Affine | None, ...]
    fixed_batch: int | None

    def run(self, columns: Mapping[str, Array]) -> Iterator[tuple[Array, Array]]:
        """For each probe what the two models have there, as real numbers."""

    def saturates(self, columns: Mapping[str, Array]) -> bool:
        """Whether integer kernels lose bits on this machine."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What came out."""

    layers: tuple[Layer, ...]  # in the order of the reference
    rows: int
    saturates: bool


def look(pair: Pair) -> Noise:
    """Measure, in a child process. Raises ModelError, DatasetError, WorkerDied."""
    about = f"candidate {pair.candidate.name}"
    with Child(__name__, {"pair": pair.fields()}, about=about) as child:
        child.start(_WITHIN)
        found, _ = child.ask({}, {}, _WITHIN)
    layers = tuple(Layer.of(fields) for fields in found["layers"])
    return Noise(layers, int(found["rows"]), bool(found["saturates"]))


def serve(fields: Mapping[str, Any]) -> Handler:
    """The child's side."""

    def handle(*_: object) -> tuple[dict[str, Any], dict[str, Array]]:
        pair = Pair.of(fields["pair"])
        stage(f"data set {pair.source.path}")
        with pair.source.open() as data:
            count = min(ROWS, len(data))
            ids = np.unique(np.linspace(0, len(data) - 1, count).astype(np.int64))
            columns = dict(data.take(ids).inputs)
        stage(f"layers of {pair.candidate.name}")
        found = measured(_opened(pair.reference, pair.candidate), columns)
        layers = [layer.fields() for layer in _kept(found.layers)]
        return {"layers": layers, "rows": found.rows, "saturates": found.saturates}, {}

    return handle


def _opened(reference: ModelSpec, candidate: ModelSpec) -> Side:
    suffixes = {Path(spec.path).suffix.lower() for spec in (reference, candidate)}
    if suffixes <= set(onnx_pair.SUFFIXES):
        return onnx_pair.OnnxPair(reference, candidate)
    if suffixes <= set(lite_pair.SUFFIXES):
        return lite_pair.LitePair(reference, candidate)
    raise ModelError("expected two ONNX files, or two TFLite files")


def measured(side: Side, columns: Mapping[str, Array]) -> Noise:
    """Run rows through both models and sum up. Raises ModelError where nothing can be paired."""
    if not side.probes:
        raise ModelError(
            "no tensor has the name of one of the reference; expected two files of one origin"
        )
    sums = [_Sums(probe, affine) for probe, affine in zip(side.probes, side.affines, strict=True)]
    total = len(next(iter(columns.values())))
    began, at, size = time.monotonic(), 0, side.fixed_batch or 1
    while at < total and (at == 0 or time.monotonic() - began < _SECONDS):
        found = side.run(_part(columns, at, size))
        held = sum(kept.add(*values) for kept, values in zip(sums, found, strict=True))
        at += size
        if side.fixed_batch is None:
            size = max(1, min(total - at, _BYTES * size // max(held, 1)))
    layers = tuple(kept.layer() for kept in sums if kept.usable)
    return Noise(layers, min(at, total), side.saturates(_part(columns, 0, size)))


def _part(columns: Mapping[str, Array], start: int, size: int) -> dict[str, Array]:
    """`size` rows from `start`; what is missing of a fixed batch is taken from the front."""
    return {
        name: values.take(range(start, start + size), axis=0, mode="wrap")
        for name, values in columns.items()
    }


def _kept(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    if len(layers) <= _MOST:
        return layers
    return tuple(layer for layer in layers if layer.probe.weights is not None)[:_MOST]


class _Sums:
    """What is added up for one probe."""

    def __init__(self, probe: Probe, affine: Affine | None) -> None:
        self._probe, self._affine = probe, affine
        self._count = self._beyond = 0
        self._signal = self._noise = self._own = self._clipped = 0.0
        self._low, self._high = np.inf, -np.inf
        self.usable = True

    def add(self, reference: Array, candidate: Array) -> int:
        """Some rows more; gives their bytes. A tensor without real numbers is no layer."""
        if reference.dtype.kind != "f" or reference.shape != candidate.shape:
            self.usable = False
        if self.usable and reference.size:
            with np.errstate(invalid="ignore", over="ignore"):  # such a layer is told as broken
                self._sum(reference, candidate)
        return reference.nbytes + candidate.nbytes

    def _sum(self, reference: Array, candidate: Array) -> None:
        x, y = reference.astype(np.float64), candidate.astype(np.float64)
        self._count += x.size
        self._signal += float(np.square(x).sum())
        self._noise += float(np.square(x - y).sum())
        self._low, self._high = min(self._low, float(x.min())), max(self._high, float(x.max()))
        if self._affine is not None:
            low, high = _reach(self._affine)
            inside = np.clip(x, low, high)
            steps = np.rint(inside / self._affine.scale) * self._affine.scale
            beyond = inside != x
            self._own += float(np.square(x - steps).sum())
            self._clipped += float(np.square((x - inside)[beyond]).sum())
            self._beyond += int(beyond.sum())

    def layer(self) -> Layer:
        """The sums so far."""
        return Layer(
            self._probe,
            self._signal,
            self._noise,
            None if self._affine is None else self._own,
            self._clipped,
            self._beyond / max(self._count, 1),
            None if self._affine is None else _reach(self._affine),
            (self._low, self._high),
        )


def _reach(affine: Affine) -> tuple[float, float]:
    """The smallest and the largest number that a quantizer can stand for."""
    span = np.iinfo(affine.dtype)
    low, high = ((end - affine.zero_point) * affine.scale for end in (span.min, span.max))
    return low, high
