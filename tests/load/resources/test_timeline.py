"""The run over time, as evidence."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from harness.load import Traffic, run_over_time
from harness.model import Usage

Make = Callable[..., Traffic]


def test_response_times_and_requests_have_a_point_in_each_slice(traffic: Make) -> None:
    response = np.full(1000, 0.01)
    response[500:525] = np.inf  # all that fell into one slice, and nothing else
    data = run_over_time(traffic(response=response)).data
    times, requests = data["panels"]
    assert [times["unit"], requests["unit"], data["x_unit"]] == ["ms", "/s", "s"]
    assert len(times["x"]) == len(times["series"]["p99"]) == 40
    assert times["series"]["p50"][0] == 10.0
    assert times["series"]["p99"].count(None) == 1
    assert max(requests["series"]["failed"]) == 100.0
    assert sum(requests["series"]["sent"]) == 4000.0
    json.dumps(data, allow_nan=False)


def test_resources_stand_beneath_on_the_same_clock(traffic: Make) -> None:
    usage = tuple(Usage(at, cpu_s=at / 2, memory_bytes=2**20 * 5) for at in (-1.0, 0.0, 2.0))
    data = run_over_time(traffic(response=np.full(100, 0.01), usage=usage)).data
    memory, processor = data["panels"][2:]
    assert (memory["name"], memory["unit"], memory["x"]) == ("memory", "MiB", [-1.0, 0.0, 2.0])
    assert memory["series"]["memory"] == [5.0, 5.0, 5.0]
    assert (processor["unit"], processor["x"]) == ("cores", [-0.5, 1.0])
    assert processor["series"]["processor"] == [0.5, 0.5]
    assert data["marks"] == [{"x": 0.0, "name": "judged from here"}]


def test_what_was_not_measured_has_no_panel(traffic: Make) -> None:
    usage = (Usage(1.0), Usage(2.0, memory_bytes=5))
    data = run_over_time(traffic(response=np.full(9, np.inf), usage=usage)).data
    assert [panel["name"] for panel in data["panels"]] == ["response time", "requests"]
    json.dumps(data, allow_nan=False)
