"""Several candidates side by side: size, speed and accuracy, and which of them no other beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.accuracy.comparison import Comparison, evaluate
from harness.accuracy.evaluation.identity import fingerprint
from harness.accuracy.evaluation.job import BASELINE, SERVED, spec_of
from harness.accuracy.graphs.subject import rows_of
from harness.accuracy.speed import batch_seconds
from harness.accuracy.statistics import Interval, one_sided
from harness.errors import GateError
from harness.model import Evidence, Finding, Measurement, Observation, Severity

if TYPE_CHECKING:
    from harness.config import AccuracyConfig, Gate
    from harness.limits import Limit

_MIB = 2.0**20


@dataclass(frozen=True, slots=True)
class Option:
    """One model that could be released."""

    name: str  # as in gate.toml
    metric: (
        Interval  # in `unit`; its limits are those of the paired loss, laid beside the reference
    )
    drop: float  # pp against the reference; positive is worse
    unit: str
    size: int | None = None  # bytes of the file; None: it is no file
    batch: Interval | None = None  # seconds for one batch on one thread
    rows: int = 1  # of a batch

    @property
    def speed(self) -> Interval | None:
        """Rows a second, in batches of the declared size."""
        if self.batch is None:
            return None
        low, high = self.rows / self.batch.high, self.rows / self.batch.low
        return Interval(self.rows / self.batch.value, low, high)

    def beats(self, other: Option) -> bool:
        """Whether it is smaller, beyond doubt faster, and loses no more."""
        if not (self.size and other.size and self.batch and other.batch):
            return False
        faster = self.batch.high < other.batch.low
        return self.size <= other.size and faster and self.drop <= other.drop


def trade_off(gate: Gate, comparison: Comparison, limit: Limit) -> list[Observation]:
    """What check accuracy.tradeoff returns: `size`, `batch_latency` and `speed` of the candidate.

    And all candidates in pictures and a table. `limit` is that on `drop`: an evaluation may end
    early once it is decided. A further candidate that cannot be evaluated is left out with a
    warning. Raises ConfigError, DatasetError, ModelError, WorkerDied.
    """
    config = gate.accuracy
    assert config is not None
    options = [*_compared(gate, config, comparison)]
    trouble: list[Finding] = []
    for name in dict.fromkeys(config.candidates):
        if name in (config.reference, config.candidate):
            continue
        try:
            options.append(_evaluated(gate, comparison, limit, name))
        except GateError as problem:
            trouble.append(
                Finding(
                    "candidate-failed",
                    f"{name} is left out of the trade-off: {problem}",
                    severity=Severity.WARNING,
                    location=name,
                )
            )
    options = _timed(gate, config, options)
    return [
        *_measurements(options[1]),
        *trouble,
        *_beaten(options[1], options[2:]),
        *pictures(options, config.metric),
    ]


def _compared(gate: Gate, config: AccuracyConfig, comparison: Comparison) -> list[Option]:
    """The two models that the gate is about; a service stands for its file."""
    measured = comparison.measured
    value = measured.reference
    file = config.file or config.candidate
    return [
        _sized(gate, Option(config.reference, Interval(value, value, value), 0.0, measured.unit)),
        _sized(gate, replace(_option(comparison), name=file)),
    ]


def _evaluated(gate: Gate, comparison: Comparison, limit: Limit, name: str) -> Option:
    assert gate.accuracy is not None
    accuracy = gate.accuracy.model_copy(update={"candidate": name, "file": None, "candidates": []})
    alone = replace(gate, file=gate.file.model_copy(update={"accuracy": accuracy}))
    baseline = comparison.job.pair.reference.options.settings.get("url")
    return _sized(gate, _option(evaluate(alone, {"drop": limit}, baseline=baseline)))


def _option(comparison: Comparison) -> Option:
    measured, drop = comparison.measured, comparison.drop
    ends = [_beside(measured.reference, measured.unit, end) for end in (drop.low, drop.high)]
    value = measured.candidate
    metric = Interval(value, min(*ends, value), max(*ends, value))
    return Option(comparison.candidate.name, metric, drop.value, measured.unit)


def _beside(reference: float, unit: str, drop: float) -> float:
    """The metric of a candidate that loses `drop` pp; of an error these are % of its growth."""
    return min(100.0, reference - drop) if unit == "%" else reference * (1 + drop / 100)


def _sized(gate: Gate, option: Option) -> Option:
    if option.name in (SERVED, BASELINE):
        return option
    return replace(option, size=fingerprint(gate.find(option.name))[1])


def _timed(gate: Gate, config: AccuracyConfig, options: Sequence[Option]) -> list[Option]:
    """With the time that one batch takes, of those that are files."""
    files = [option.name for option in options if option.size is not None]
    rows = rows_of(gate, config.batch)
    batch = {
        name: values.take(range(config.batch), axis=0, mode="wrap") for name, values in rows.items()
    }
    level = one_sided(gate.policy.confidence)
    seconds = batch_seconds([spec_of(gate, name) for name in files], batch, level)
    known = dict(zip(files, seconds, strict=True))
    return [replace(o, batch=known.get(o.name), rows=config.batch) for o in options]


def _measurements(candidate: Option) -> list[Measurement]:
    """Of the model that is to be released, where it is a file."""
    speed = candidate.speed
    if candidate.size is None or candidate.batch is None or speed is None:
        return []
    latency = candidate.batch.scaled(1000)
    return [
        Measurement("size", candidate.size / _MIB, "MiB"),
        Measurement("batch_latency", latency.value, "ms", low=latency.low, high=latency.high),
        Measurement("speed", speed.value, "/s", low=speed.low, high=speed.high),
    ]


def _beaten(candidate: Option, others: Sequence[Option]) -> list[Finding]:
    return [
        Finding(
            "beaten",
            f"{other.name} is no larger than {candidate.name}, faster, and loses no more",
            severity=Severity.WARNING,
            location=other.name,
        )
        for other in others
        if other.beats(candidate)
    ]


def pictures(options: Sequence[Option], metric: str) -> list[Evidence]:
    """The metric against size and against time, each with its Pareto front, and all as a table."""
    files = [option for option in options if option.size is not None and option.batch is not None]
    found = []
    if len(files) > 1:
        largest = max(option.size or 0 for option in files)
        unit, factor = ("MiB", _MIB) if largest >= _MIB else ("KiB", 1024.0)
        sizes = [(option.size or 0) / factor for option in files]
        times = [1000 * option.batch.value for option in files if option.batch is not None]
        rows = f"batch of {files[0].rows} rows"
        found = [
            _scatter(f"{metric} against size", files, sizes, ("size", unit, metric)),
            _scatter(f"{metric} against time", files, times, (rows, "ms", metric)),
        ]
    unit = f"{metric} {options[0].unit}".rstrip()
    table = [["", "KiB", "ms a batch", "rows/s", unit, "drop pp"], *map(_cells, options)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )
    return [*found, Evidence("text", "All candidates", {"text": "\n".join(lines)})]


def _scatter(
    title: str, options: Sequence[Option], values: Sequence[float], axes: tuple[str, str, str]
) -> Evidence:
    best = front([(value, option.drop) for value, option in zip(values, options, strict=True)])
    points = [
        {
            "name": option.name,
            "x": value,
            "y": option.metric.value,
            "low": option.metric.low,
            "high": option.metric.high,
            "front": on_front,
        }
        for option, value, on_front in zip(options, values, best, strict=True)
    ]
    data = {
        "x_name": axes[0],
        "x_unit": axes[1],
        "y_name": axes[2],
        "y_unit": options[0].unit,
        "points": points,
    }
    return Evidence("scatter", title, data)


def front(points: Sequence[tuple[float, ...]]) -> list[bool]:
    """Which points no other one beats, where less is better in every respect (Pareto)."""

    def beaten(point: tuple[float, ...]) -> bool:
        return any(
            other != point and all(a <= b for a, b in zip(other, point, strict=True))
            for other in points
        )

    return [not beaten(point) for point in points]


def _cells(option: Option) -> list[str]:
    """Name, size, time, speed, metric, loss."""
    metric, size, batch, speed = option.metric, option.size, option.batch, option.speed
    shown = f"{metric.value:.4g}"
    if metric.low < metric.high:
        shown += f" ({metric.low:.4g} to {metric.high:.4g})"
    return [
        option.name,
        "no file" if size is None else f"{size / 1024:,.1f}",
        "-" if batch is None else f"{1000 * batch.value:.4g}",
        "-" if speed is None else f"{speed.value:,.0f}",
        shown,
        f"{option.drop:.3f}",
    ]
