"""The accuracy checks: what the judge makes of what they measure."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from checks import check_accuracy
from harness import Outcome, Severity
from harness.accuracy import Comparison
from harness.accuracy.backends import Answers
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.comparison import conclude
from harness.accuracy.counting import Scheme, count
from harness.accuracy.datasets import Batch, Roles, Source
from harness.accuracy.evaluation import Identity, Job, Pair
from harness.accuracy.evaluation.early import Terms
from harness.config import AccuracyConfig, Gate
from harness.declare import spec_of
from harness.judge import judge

LABELS = np.arange(10_000) % 10


def _compared(candidate: Any, reference: Any = LABELS) -> Comparison:
    """As an evaluation of those answers would have left it."""
    config = AccuracyConfig(dataset="d.npz", reference="fp32.onnx", candidate="int8.onnx")
    labels = LABELS[: len(candidate)]
    sides = [Answers(np.asarray(x)[: len(labels)], _none(labels)) for x in (reference, candidate)]
    scheme = Scheme.probed(config, labels, sides[0], sides[1])
    counts = count(Batch(np.arange(len(labels)), {}, labels, {}), sides[0], sides[1], scheme)
    models = [ModelSpec(x, "m", x) for x in ("fp32.onnx", "int8.onnx")]
    pair = Pair(Source("d.npz", Roles.of(config), "", len(labels)), models[0], models[1])
    identity = Identity("onnxruntime 1.31.1")
    job = Job(pair, identity, identity, scheme, block=len(labels), seed=1, shuffled=False)
    return conclude(job, [(0, counts)], Terms(0.95, {}))


def _none(labels: np.ndarray) -> np.ndarray:
    return np.zeros(len(labels), bool)


def _changed(lost: int, won: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Candidate and reference that differ on so many rows, spread over all classes."""
    other = (LABELS + 1) % 10
    candidate = np.where(np.arange(10_000) < lost, other, LABELS)
    reference = np.where(np.arange(10_000) >= 10_000 - won, other, LABELS)
    return candidate, reference


def _judged(name: str, comparison: Comparison) -> Any:
    function = getattr(check_accuracy, name)
    spec = spec_of(function)
    assert spec is not None
    more = {"check_worst_slice": (spec.limits,), "check_drop": (cast(Gate, None), spec.limits)}
    return judge(spec.limits, function(comparison, *more.get(name, ())))


@pytest.fixture(autouse=True)
def _no_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are no files whose layers could be compared."""
    monkeypatch.setattr(check_accuracy, "layer_evidence", lambda comparison, gate, limit: [])


@pytest.mark.parametrize("name", ["check_drop", "check_agreement", "check_worst_slice"])
def test_a_good_candidate_passes(name: str) -> None:
    judgement = _judged(name, _compared(*_changed(20, 15)))
    assert judgement.outcome is Outcome.PASSED, judgement.reason
    assert all(finding.severity is Severity.INFO for finding in judgement.findings)


def test_lost_accuracy_fails_with_value_limit_interval_and_n() -> None:
    judgement = _judged("check_drop", _compared(*_changed(520, 100)))
    assert judgement.outcome is Outcome.FAILED
    assert judgement.reason == (
        "drop = 4.2 pp, must be <= 0.5 pp (interval 3.803 to 4.612 pp, n = 10000)"
    )


def test_too_few_rows_are_inconclusive() -> None:
    judgement = _judged("check_drop", _compared(LABELS[:100]))
    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert "more samples would decide" in judgement.reason


def test_a_class_that_broke_fails_although_the_whole_is_fine() -> None:
    broken = np.where((LABELS == 4) & (np.arange(10_000) < 2_000), 5, LABELS)
    judgement = _judged("check_worst_slice", _compared(broken))
    assert judgement.outcome is Outcome.FAILED
    worst = next(finding for finding in judgement.findings if finding.rule == "worst-slice")
    assert worst.message == "class 4: 100.00 % -> 80.00 % right on 1000 rows"


def test_equal_accuracy_does_not_hide_changed_answers() -> None:
    """300 rows lost and 300 won: no drop, but six of a hundred answers changed."""
    swapped = _compared(*_changed(300, 300))
    assert _judged("check_drop", swapped).outcome is Outcome.PASSED
    judgement = _judged("check_agreement", swapped)
    assert judgement.outcome is Outcome.FAILED
    assert judgement.reason.startswith("agreement = 94 %, must be >= 95 %")


def test_nan_fails_the_candidate_and_casts_doubt_on_the_reference() -> None:
    scores = np.eye(10)[LABELS]
    broken = scores.copy()
    broken[[40, 90]] = np.nan
    judgement = _judged("check_drop", _compared(broken, scores))
    assert judgement.outcome is Outcome.FAILED
    assert judgement.reason == (
        "the candidate answered NaN or infinity for 2 of 10000 rows (at row 40)"
    )
    judgement = _judged("check_drop", _compared(scores, broken))
    assert judgement.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("candidates", "why"), [([], "accuracy.candidates names no others"), (["b.onnx"], "")]
)
def test_a_trade_off_needs_other_candidates(candidates: list[str], why: str) -> None:
    config = AccuracyConfig(dataset="d.npz", reference="a.onnx", candidates=candidates)
    gate = cast(Gate, SimpleNamespace(accuracy=config))
    spec = spec_of(check_accuracy.check_tradeoff)
    assert spec is not None and spec.applies is not None
    assert spec.applies(gate) == why
