"""The accuracy checks: what they measure, what they call a fault, what they only tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks import check_accuracy
from harness import Evidence, Finding, Limit, Measurement, Outcome, Severity
from harness.accuracy import Comparison, Flip, ModelRun, Table
from harness.declare import spec_of
from harness.judge import judge

FLIP = Flip(17, "3", "3", "8", (0.1, 0.9), (0.6, 0.4), harmful=True)
GOOD = Comparison(
    metric="accuracy",
    confidence=0.95,
    table=Table(n=10_000, both_right=9_500, b=20, c=15, w=5),
    reference=ModelRun("fp32.onnx", "onnxruntime 1.31.1", "sha256:aa", 100),
    candidate=ModelRun("int8.onnx", "onnxruntime 1.31.1", "sha256:bb", 30),
    classes={str(k): Table(1_000, 950, 2, 2, 1) for k in range(10)},
    slices={"group": {"a": Table(10_000, 9_500, 20, 15, 5)}},
    flips=(FLIP,),
)
BAD = replace(
    GOOD,
    table=Table(n=10_000, both_right=9_000, b=520, c=100, w=50),
    classes={**GOOD.classes, "4": Table(1_000, 400, 500, 10, 5)},
)


def _judged(name: str, comparison: Comparison) -> Any:
    function = getattr(check_accuracy, name)
    spec = spec_of(function)
    assert spec is not None
    given = (comparison, spec.limits) if name == "check_worst_class" else (comparison,)
    return judge(spec.limits, function(*given))


@pytest.mark.parametrize("name", ["check_drop", "check_agreement", "check_worst_class"])
def test_a_good_candidate_passes(name: str) -> None:
    judgement = _judged(name, GOOD)
    assert judgement.outcome is Outcome.PASSED, judgement.reason
    assert all(finding.severity is Severity.INFO for finding in judgement.findings)


def test_lost_accuracy_fails_with_value_limit_interval_and_n() -> None:
    judgement = _judged("check_drop", BAD)
    assert judgement.outcome is Outcome.FAILED
    assert judgement.reason == (
        "drop = 4.2 pp, must be <= 1 pp (interval 3.803 to 4.612 pp, n = 10000)"
    )


def test_too_few_rows_are_inconclusive() -> None:
    few = replace(GOOD, table=Table(n=100, both_right=100))
    judgement = _judged("check_drop", few)
    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert "more samples would decide" in judgement.reason


def test_a_class_that_broke_is_named() -> None:
    judgement = _judged("check_worst_class", BAD)
    assert judgement.outcome is Outcome.FAILED
    assert "class 4: 90.00 % -> 41.00 % right on 1000 rows" in judgement.findings[0].message


def test_small_classes_are_told_of() -> None:
    """Three of forty rows lost in one class of ten do not hold up the release."""
    classes = {str(k): Table(40, 38, 0, 0, 0) for k in range(10)}
    classes["6"] = Table(40, 36, 3, 0, 0)
    table = sum(classes.values(), Table())
    judgement = _judged("check_worst_class", replace(GOOD, table=table, classes=classes))
    assert judgement.outcome is Outcome.PASSED
    small = next(f for f in judgement.findings if f.rule == "small-classes")
    assert "rows a class would certify the limit" in small.message
    assert small.severity is Severity.WARNING


def test_the_limit_of_the_policy_decides_which_classes_are_small() -> None:
    limits = {"worst_class_drop": Limit.parse("<= 20 pp")}
    classes = {str(k): Table(60, 58, 0, 0, 0) for k in range(10)}
    found = check_accuracy.check_worst_class(replace(GOOD, classes=classes), limits)
    assert not [f for f in found if isinstance(f, Finding) and f.rule == "small-classes"]


def test_equal_accuracy_does_not_hide_changed_answers() -> None:
    """300 rows lost and 300 won: no drop, but six of a hundred answers changed."""
    swapped = replace(GOOD, table=Table(n=10_000, both_right=9_000, b=300, c=300))
    assert _judged("check_drop", swapped).outcome is Outcome.PASSED
    judgement = _judged("check_agreement", swapped)
    assert judgement.outcome is Outcome.FAILED
    assert judgement.reason.startswith("agreement = 94 %, must be >= 95 %")


def test_nan_fails_the_candidate_and_casts_doubt_on_the_reference() -> None:
    nan = replace(GOOD.candidate, not_finite=12, not_finite_row=40)
    judgement = _judged("check_drop", replace(GOOD, candidate=nan))
    assert judgement.outcome is Outcome.FAILED
    assert judgement.reason == (
        "the candidate answered NaN or infinity for 12 of 10000 rows (at row 40)"
    )
    judgement = _judged("check_drop", replace(GOOD, reference=nan))
    assert judgement.outcome is Outcome.INCONCLUSIVE


def test_rows_without_an_answer_fail_the_candidate() -> None:
    silent = replace(GOOD.candidate, unanswered=3, unanswered_row=7, problem="status 500: boom")
    judgement = _judged("check_drop", replace(GOOD, candidate=silent))
    assert judgement.outcome is Outcome.FAILED
    assert "gave no answer to 3 of 10000 rows" in judgement.reason
    assert judgement.findings[0].received == "status 500: boom"


def test_flips_are_shown_with_both_outputs() -> None:
    found = check_accuracy.check_agreement(GOOD)
    flip = next(f for f in found if isinstance(f, Finding) and f.rule == "harmed")
    assert (flip.location, flip.expected, flip.received) == (
        "row 17",
        "3 (reference)",
        "8 (candidate)",
    )
    text = next(e for e in found if isinstance(e, Evidence) and e.kind == "text")
    assert "reference: 0.1 0.9\n  candidate: 0.6 0.4" in text.data["text"]


def test_the_chart_shows_both_models_by_class_and_by_slice() -> None:
    charts = [e for e in check_accuracy.check_drop(BAD) if isinstance(e, Evidence)]
    assert [chart.title for chart in charts] == ["Accuracy by class", "Accuracy by group"]
    assert charts[0].data["labels"] == list("0123456789")
    assert charts[0].data["series"]["reference"][4] == 90.0
    assert charts[0].data["series"]["candidate"][4] == 41.0


def test_of_many_classes_the_chart_shows_those_that_lost_most() -> None:
    classes = {str(k): Table(100, 90, k % 7, 0, 0) for k in range(100)}
    chart = check_accuracy.check_drop(replace(GOOD, classes=classes))[5]
    assert isinstance(chart, Evidence)
    assert chart.title == "Accuracy by class: the 40 that lost most"
    assert len(chart.data["labels"]) == 40
    assert "6" in chart.data["labels"] and "0" not in chart.data["labels"]


def test_measurements_have_intervals_and_rows() -> None:
    (drop, *_) = check_accuracy.check_drop(GOOD)
    assert isinstance(drop, Measurement)
    assert drop.low is not None and drop.high is not None
    assert drop.low < drop.value < drop.high
    assert drop.n == 10_000


def test_a_gate_without_accuracy_has_nothing_to_compare(tmp_path: Any) -> None:
    from harness.config import load

    path = tmp_path / "gate.toml"
    path.write_text(
        'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:9"\n'
        '[contract]\npath = "/predict"\n'
    )
    spec = spec_of(check_accuracy.check_drop)
    assert spec is not None and spec.applies is not None
    assert spec.applies(load(path)) == "the gate has no [accuracy]"
