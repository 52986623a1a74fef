"""What is said of the metric: values, how they were found, and which models they belong to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness import Evidence, Finding, Measurement, Severity
from harness.accuracy.comparison import Comparison
from harness.accuracy.evidence import drop_evidence
from harness.accuracy.statistics import paired
from harness.limits import Limit

Compared = Callable[..., Comparison]
LABELS = np.zeros(1_000, int)
LOST = np.where(np.arange(1_000) < 30, 1, 0)


def _measured(found: list[Any]) -> dict[str, Measurement]:
    return {item.name: item for item in found if isinstance(item, Measurement)}


def _said(found: list[Any], rule: str) -> list[str]:
    return [item.message for item in found if isinstance(item, Finding) and item.rule == rule]


def test_the_drop_has_its_interval_and_both_accuracies_theirs(compared: Compared) -> None:
    measured = _measured(drop_evidence(compared(LABELS, LABELS, LOST)))
    expected = paired(30, 0, 1_000, 0.9).scaled(100)
    drop = measured["drop"]
    assert (drop.value, drop.low, drop.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert (drop.unit, drop.n) == ("pp", 1_000)
    assert measured["reference_accuracy"].value == 100
    candidate = measured["candidate_accuracy"]
    assert candidate.low is not None and candidate.high is not None
    assert candidate.low < candidate.value == 97 < candidate.high


def test_it_says_how_the_interval_was_found(compared: Compared) -> None:
    (method,) = _said(drop_evidence(compared(LABELS, LABELS, LOST)), "method")
    assert "Tango" in method and "90 % two-sided" in method
    assert "Newcombe's interval 2.1" in method
    assert "30 flips" in method and "(McNemar, exact) 1.9e-09" in method


def test_models_are_named_with_digest_and_runtime(compared: Compared) -> None:
    said = _said(drop_evidence(compared(LABELS, LABELS, LOST)), "model")
    assert said == [
        "reference fp32.onnx, run by onnxruntime 1.31.1, 100 bytes, sha256:aa",
        "candidate int8.onnx, run by onnxruntime 1.31.1, 30 bytes, sha256:bb",
    ]


@pytest.mark.parametrize(("side", "severity"), [(0, Severity.DOUBT), (1, Severity.ERROR)])
def test_nan_is_an_error_of_the_candidate_and_a_doubt_about_the_reference(
    compared: Compared, side: int, severity: Severity
) -> None:
    pair = [np.eye(2)[LABELS], np.eye(2)[LABELS]]
    pair[side][40] = np.nan
    found = drop_evidence(compared(LABELS, *pair))
    (odd,) = [item for item in found if isinstance(item, Finding) and item.rule == "not-finite"]
    assert (odd.severity, odd.location) == (severity, "row 40")
    assert "answered NaN or infinity for 1 of 1000 rows" in odd.message


def test_other_metrics_are_measured_by_another_name(compared: Compared) -> None:
    chance = np.random.default_rng(0)
    labels = chance.normal(size=300)
    first, second = labels + 0.1, labels + 0.11
    found = drop_evidence(compared(labels, first, second, metric="mae"))
    measured = _measured(found)
    assert list(measured) == ["drop", "reference_metric", "candidate_metric"]
    assert measured["drop"].value == pytest.approx(10)
    assert measured["candidate_metric"].value == pytest.approx(0.11)
    assert "signal to quantization noise" in _said(found, "outputs")[0]


def test_the_chart_shows_both_models_by_class_and_by_slice(compared: Compared) -> None:
    labels = np.arange(1_000) % 4
    lost = np.where(labels == 3, 0, labels)
    found = drop_evidence(compared(labels, labels, lost, slices={"group": labels % 2}))
    charts = [item for item in found if isinstance(item, Evidence)]
    assert [chart.title for chart in charts] == ["Accuracy by class", "Accuracy by group"]
    assert charts[0].data["labels"] == list("0123")
    assert charts[0].data["series"]["candidate"] == [100, 100, 100, 0]
    assert charts[1].data["series"]["candidate"] == [100, 50]


def test_of_many_classes_the_chart_shows_those_that_lost_most(compared: Compared) -> None:
    labels = np.arange(2_000) % 100
    lost = np.where((labels % 7 == 6) & (np.arange(2_000) < 500), 0, labels)
    chart = next(
        item for item in drop_evidence(compared(labels, labels, lost)) if isinstance(item, Evidence)
    )
    assert chart.title == "Accuracy by class: the 40 that lost most"
    assert len(chart.data["labels"]) == 40
    assert "6" in chart.data["labels"] and "97" in chart.data["labels"]


def test_a_model_beside_itself_is_a_warning(compared: Compared) -> None:
    found = compared(LABELS, LABELS, LABELS)
    assert _said(drop_evidence(found), "same-model") == []
    same = replace(found, job=replace(found.job, candidate=found.job.reference))
    assert _said(drop_evidence(same), "same-model")


def test_a_drop_that_is_not_decided_says_how_many_more_rows_would(compared: Compared) -> None:
    """Ten rows without a flip: the square root of their number would ask for 26,795 more."""
    limit = Limit.parse("<= 0.5 pp")
    drop = _measured(drop_evidence(compared(LABELS[:10], LABELS[:10], LABELS[:10]), limit))["drop"]
    assert drop.more is not None and 588 <= drop.more <= 589
    clear = _measured(drop_evidence(compared(LABELS, LABELS, LOST), limit))["drop"]
    assert clear.more is None


def test_of_clusters_the_number_of_rows_is_left_to_the_judge(compared: Compared) -> None:
    few = compared(LABELS, LABELS, LABELS, clusters=np.arange(1_000) % 10)
    drop = _measured(drop_evidence(few, Limit.parse("<= 0.5 pp")))["drop"]
    assert drop.more is None


def test_growth_of_an_error_is_named_as_such(compared: Compared) -> None:
    labels = np.random.default_rng(0).normal(size=300)
    found = drop_evidence(compared(labels, labels + 0.1, labels + 0.11, metric="mae"))
    assert _measured(found)["drop"].about == "mae (its growth in %)"
    assert _measured(drop_evidence(compared(LABELS, LABELS, LOST)))["drop"].about == ""


def test_a_chance_too_small_for_a_number_is_not_called_none(compared: Compared) -> None:
    labels = np.zeros(4_000, int)
    (method,) = _said(drop_evidence(compared(labels, labels, labels + 1)), "method")
    assert method.endswith("(McNemar, exact) under 1e-300")
