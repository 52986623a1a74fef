"""Evidence of a load run that the report can draw."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
from hdrh.histogram import HdrHistogram

from harness.load import Traffic, latency_histogram
from harness.model import Evidence
from harness.report import charts


def test_the_histogram_counts_every_answer_once(traffic: Callable[..., Traffic]) -> None:
    response = np.linspace(0.002, 0.9, 500)
    response[0] = np.inf
    data = latency_histogram(traffic(response=response)).data
    assert sum(data["counts"]) == 499
    assert len(data["edges"]) == len(data["counts"]) + 1
    assert list(data["marks"]) == ["p50", "p95", "p99"]


def test_equal_answers_and_no_answers_can_be_drawn(traffic: Callable[..., Traffic]) -> None:
    assert sum(latency_histogram(traffic(response=np.full(9, 0.01))).data["counts"]) == 9
    empty = latency_histogram(traffic(response=np.full(9, np.inf)))
    assert sum(empty.data["counts"]) == 0
    json.dumps(empty.data, allow_nan=False)


def test_the_hdr_histogram_has_the_failures_too_and_says_where(
    traffic: Callable[..., Traffic],
) -> None:
    data = latency_histogram(traffic(response=np.array([0.002, np.inf, 0.004, 0.003]))).data
    found = HdrHistogram.decode(data["hdr"])
    assert found.get_total_count() == 4
    assert found.get_count_at_value(3_600_000_000) == 1
    assert data["hdr_holds"] == (
        "microseconds from the planned start; 1 of 4 requests failed and are recorded as 3600000000"
    )


def test_the_chart_is_the_same_with_the_hdr_histogram_and_without(
    traffic: Callable[..., Traffic],
) -> None:
    whole = latency_histogram(traffic(response=np.linspace(0.002, 0.1, 50)))
    bare = {key: value for key, value in whole.data.items() if not key.startswith("hdr")}
    assert len(bare) == len(whole.data) - 2
    assert charts.draw(whole) == charts.draw(Evidence(whole.kind, whole.title, bare))
