"""Evidence of a load run that the report can draw."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from harness.load import Traffic, latency_histogram


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
