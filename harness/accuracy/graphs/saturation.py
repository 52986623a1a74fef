"""U8S8 saturation, read off the weights: which layers another processor computes otherwise.

Processors without VNNI or AMX multiply u8 activations by s8 weights with `vpmaddubsw`, which adds
the products of two neighbours along K in 16 bits and cuts them at -32768 and 32767. Two weights
w0, w1 of one sign can get there if 255 * (|w0| + |w1|) > 32767. Which weights are neighbours
follows from how onnxruntime packs them: see `layers`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import Evidence, Finding, Measurement, Severity, cpuinfo
from harness.accuracy.graphs import processor
from harness.accuracy.graphs.layers import DYNAMIC, layers_of, nodes_of
from harness.accuracy.graphs.subject import model_file
from harness.accuracy.workers import Array, Child
from harness.accuracy.workers.main import Handler

if TYPE_CHECKING:
    from harness.config import Gate

_ACTIVATION, _HIGHEST = 255, 32_767
_WITHIN = 600.0  # seconds, for a file of gigabytes on a slow disk
_ROWS = 1_024
_SHOWN = 10  # layers that become findings
_BARS = 40
_NAME = 100  # characters of a node's name


@dataclass(frozen=True, slots=True)
class LayerPairs:
    """The pairs of weights of one int8 layer."""

    name: str
    op: str
    pairs: int
    saturating: int
    known: bool = True  # False: its second operand is no constant, so nothing can be said

    @property
    def share(self) -> float:
        """Pairs that can saturate, in %."""
        return 100 * self.saturating / self.pairs if self.pairs else 0.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """All int8 layers of a file."""

    layers: tuple[LayerPairs, ...]
    dynamic: tuple[str, ...]  # the first nodes whose scale follows from the whole batch
    seconds: float  # that reading and counting took

    @property
    def share(self) -> float:
        """Pairs that can saturate, of those in all int8 layers, in %."""
        pairs = sum(layer.pairs for layer in self.layers)
        return 100 * sum(layer.saturating for layer in self.layers) / pairs if pairs else 0.0

    @property
    def pairs(self) -> int:
        """Pairs that were looked at."""
        return sum(layer.pairs for layer in self.layers)


def saturating(weights: Array) -> tuple[int, int]:
    """Pairs along K of weights (outputs, K), and how many of them can saturate.

    Unsigned weights never do: their kernel widens to 16 bits before it multiplies.
    """
    first, second = weights[:, 0::2], weights[:, 1::2]
    if weights.dtype != np.int8:
        return first.size, 0
    bad = 0
    for start in range(0, len(weights), _ROWS):  # wider numbers of some outputs at a time
        # With an odd K the last weight stands alone, and 255 * 128 fits into 16 bits.
        one = first[start : start + _ROWS, : second.shape[1]].astype(np.int16)
        other = second[start : start + _ROWS].astype(np.int16)
        alike = (one ^ other) >= 0
        bad += int((alike & (np.abs(one + other) > _HIGHEST // _ACTIVATION)).sum())
    return first.size, bad


def certificate(path: Path, name: str) -> Certificate:
    """Read the ONNX file at `path` in a child process. Raises ModelError and WorkerDied."""
    with Child(__name__, {"path": str(path)}, about=name) as child:
        child.start(_WITHIN)
        found, _ = child.ask({}, {}, _WITHIN)
    layers = tuple(LayerPairs(**row) for row in found["layers"])
    return Certificate(layers, tuple(found["dynamic"]), float(found["seconds"]))


def serve(fields: Mapping[str, Any]) -> Handler:
    """The child's side."""
    import onnx

    def handle(_: dict[str, Any], __: object) -> Any:
        started = time.perf_counter()
        graph = onnx.load(fields["path"]).graph
        layers = [asdict(_count(layer)) for layer in layers_of(graph)]
        dynamic = [node.name[:_NAME] for node in nodes_of(graph) if node.op_type in DYNAMIC]
        seconds = time.perf_counter() - started
        return {"layers": layers, "dynamic": dynamic[:_BARS], "seconds": seconds}, {}

    return handle


def _count(layer: Any) -> LayerPairs:
    counted = [saturating(weights) for weights in layer.weights]
    pairs = sum(pair for pair, _ in counted)
    bad = 0 if layer.widened else sum(count for _, count in counted)
    return LayerPairs(layer.name[:_NAME], layer.op, pairs, bad, layer.known)


def portability_evidence(gate: Gate) -> list[Measurement | Finding | Evidence]:
    """What the certificate and production's processor say together, as evidence."""
    assert gate.accuracy is not None
    name = model_file(gate)
    found = certificate(gate.find(name), name)
    production = gate.accuracy.production_flags
    flag = processor.exact(production)
    # What cannot happen in production is no reason to hold up a release.
    share = 0.0 if flag else found.share
    return [
        Measurement("saturating_pairs", share, "%", n=found.pairs),
        _summary(name, found, flag),
        *_worst(found.layers, Severity.INFO if flag else Severity.WARNING),
        *_unknown(found.layers),
        *processor.about(cpuinfo.flags(), production),
        *_bars(found.layers),
    ]


def _summary(name: str, found: Certificate, flag: str) -> Finding:
    bad = sum(layer.saturating for layer in found.layers)
    text = (
        f"{name}: {bad} of {found.pairs} pairs of weights ({found.share:.3g} %) in "
        f"{len(found.layers)} int8 layers can saturate a 16-bit sum on processors without VNNI"
    )
    if flag:
        text += f"; production has {flag}, where none does"
    elif bad:
        text += "; quantize with reduce_range, or with unsigned weights, or name production's flags"
    return Finding(
        "saturation-certificate",
        f"{text} (read in {1000 * found.seconds:.0f} ms)",
        severity=Severity.INFO,
    )


def _worst(layers: Iterable[LayerPairs], severity: Severity) -> list[Finding]:
    bad = sorted((row for row in layers if row.saturating), key=lambda row: -row.share)
    return [
        Finding(
            "saturating-layer",
            f"{layer.op}: {layer.saturating} of {layer.pairs} pairs of weights "
            f"({layer.share:.3g} %) can saturate",
            severity=severity,
            location=layer.name,
            expected="255 * (|w0| + |w1|) <= 32767 for neighbours of one sign along K",
        )
        for layer in bad[:_SHOWN]
    ]


def _unknown(layers: Iterable[LayerPairs]) -> list[Finding]:
    names = [layer.name for layer in layers if not layer.known]
    if not names:
        return []
    return [
        Finding(
            "operands-not-constant",
            f"{len(names)} int8 layers multiply what no constant holds, so that nothing can be "
            f'certified of them: {", ".join(names[:_SHOWN])}; emulate = "haswell" runs them',
            severity=Severity.INFO,
        )
    ]


def _bars(layers: Iterable[LayerPairs]) -> list[Evidence]:
    bad = [layer for layer in layers if layer.saturating]
    if not bad:
        return []
    kept = sorted(sorted(bad, key=lambda row: -row.share)[:_BARS], key=bad.index)
    data = {
        "unit": "%",
        "labels": [layer.name or layer.op for layer in kept],
        "series": {"pairs that can saturate": [round(layer.share, 4) for layer in kept]},
    }
    return [Evidence("bars", "Pairs of weights that can saturate, by layer", data)]
