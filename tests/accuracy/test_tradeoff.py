"""Several candidates on the same rows: their sizes, times and losses, and who beats whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy import evaluate, trade_off
from harness.accuracy.statistics import Interval
from harness.accuracy.tradeoff import Option, front, pictures
from harness.config import Gate
from harness.limits import Limit
from harness.model import Evidence, Finding, Measurement, Observation, Severity

LIMIT = Limit.parse("<= 0.5 pp")


def option(name: str, size: int, ms: float, drop: float, noise: float = 0.0) -> Option:
    seconds = Interval(ms / 1000, (ms - noise) / 1000, (ms + noise) / 1000)
    return Option(name, Interval(90 - drop, 89 - drop, 91 - drop), drop, "%", size, seconds, 32)


@pytest.mark.parametrize(
    ("other", "beaten"),
    [
        (option("better", 900, 1.0, 0.1), True),
        (option("as good", 1_000, 1.0, 0.2), True),
        (option("larger", 1_001, 1.0, 0.1), False),
        (option("slower", 900, 3.0, 0.1), False),
        (option("worse", 900, 1.0, 0.3), False),
        (option("perhaps as slow", 900, 1.9, 0.1, noise=0.5), False),
    ],
)
def test_a_model_is_beaten_only_in_all_respects_and_beyond_doubt(
    other: Option, beaten: bool
) -> None:
    assert other.beats(option("candidate", 1_000, 2.0, 0.2)) is beaten


def test_the_front_is_what_no_other_beats_in_both() -> None:
    assert front([(1, 5), (2, 2), (3, 3), (5, 1), (2, 2)]) == [True, True, False, True, True]


def test_speed_is_rows_a_second_at_the_declared_batch() -> None:
    speed = option("m", 1, 2.0, 0.0, noise=1.0).speed
    assert speed is not None
    assert (round(speed.value), round(speed.low)) == (16_000, 10_667)


def test_a_service_has_a_place_in_the_table_and_none_in_the_pictures() -> None:
    service = Option("served", Interval(90, 89, 91), 0.1, "%")
    found = pictures([option("a", 10, 1.0, 0.0), service, option("b", 5, 1.0, 0.0)], "f1")
    assert [e.kind for e in found] == ["scatter", "scatter", "text"]
    assert [p["name"] for p in found[0].data["points"]] == ["a", "b"]
    assert found[2].data["text"].splitlines()[::2] == [
        "        KiB      ms a batch  rows/s  f1 %           drop pp",
        "served  no file  -           -       90 (89 to 91)  0.100",
    ]


@pytest.fixture
def found(
    tmp_path: Path, save_linear: Callable[..., Path], make_gate: Callable[..., Gate]
) -> list[Observation]:
    """Trade-off of a good, a coarse and a broken candidate; labels are what the reference says."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(16, 4)).astype(np.float32)
    rows = rng.normal(size=(800, 16)).astype(np.float32)
    np.savez(tmp_path / "eval.npz", x=rows, y=(rows @ weights).argmax(axis=1))
    save_linear("reference.onnx", weights)
    save_linear("good.onnx", weights + np.float32(1e-4))
    save_linear("coarse.onnx", np.rint(weights))
    (tmp_path / "broken.onnx").write_bytes(b"nothing of the kind")
    gate = make_gate(
        dataset="eval.npz",
        reference="reference.onnx",
        candidate="good.onnx",
        candidates=["coarse.onnx", "good.onnx", "broken.onnx"],
        processes=1,
    )
    return trade_off(gate, evaluate(gate), LIMIT)


def test_candidates_are_measured_drawn_and_those_that_break_are_left_out(
    found: list[Observation], tmp_path: Path
) -> None:
    size, latency, speed = (item for item in found if isinstance(item, Measurement))
    assert size.value == (tmp_path / "good.onnx").stat().st_size / 2**20
    assert [m.name for m in (size, latency, speed)] == ["size", "batch_latency", "speed"]
    assert latency.low is not None and latency.high is not None
    assert 0 < latency.low <= latency.value <= latency.high
    (failed,) = (i for i in found if isinstance(i, Finding) and i.rule == "candidate-failed")
    assert (failed.location, failed.severity) == ("broken.onnx", Severity.WARNING)
    scatter = next(i for i in found if isinstance(i, Evidence) and i.kind == "scatter")
    points = scatter.data["points"]
    assert [p["name"] for p in points] == ["reference.onnx", "good.onnx", "coarse.onnx"]
    reference, good, coarse = points
    assert reference["y"] == reference["low"] == reference["high"] == 100
    assert good["low"] > coarse["high"]
    assert coarse["low"] < coarse["y"] < coarse["high"]
