"""What the leak check says of runs that are made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.load import Traffic, leak
from harness.model import Evidence, Finding, Measurement, Severity, Usage

_MIB = 2**20
Make = Callable[..., Traffic]


def _soaked(traffic: Make, seconds: float = 400.0, **grows: float) -> Traffic:
    """100 requests a second; each leaves behind so much of what is named."""
    run = traffic(response=np.full(int(100 * seconds), 0.01))
    looks = tuple(
        Usage(
            float(at),
            memory_bytes=100 * _MIB + int(100 * at * grows.get("memory", 0)),
            fds=20 + int(100 * at * grows.get("fds", 0)),
            threads=9 + int(100 * at * grows.get("threads", 0)),
        )
        for at in np.arange(0.0, seconds, 0.5)
    )
    window = replace(run.window, seconds=seconds, planned=np.arange(0.0, seconds, 0.01))
    return replace(run, window=window, usage=looks, memory_limit_bytes=512.0 * _MIB)


def _measured(found: list[Any]) -> dict[str, Measurement]:
    return {item.name: item for item in found if isinstance(item, Measurement)}


def _findings(found: list[Any]) -> dict[str, Finding]:
    return {item.rule: item for item in found if isinstance(item, Finding)}


def test_a_service_that_keeps_nothing_has_no_growth_and_nothing_to_tell(traffic: Make) -> None:
    found = leak(_soaked(traffic), {"memory_leak": None})
    assert {name: item.high for name, item in _measured(found).items()} == {
        "memory_leak": 0.0,
        "descriptor_leak": 0.0,
        "thread_leak": 0.0,
    }
    assert _findings(found) == {}


def test_memory_is_in_bytes_for_each_request_and_projected_to_its_limit(traffic: Make) -> None:
    found = leak(_soaked(traffic, memory=1000.0), {"memory_leak": None})
    measured = _measured(found)["memory_leak"]
    assert measured.value == pytest.approx(1000.0, rel=0.01)
    assert measured.unit == "B" and measured.n == pytest.approx(19000, rel=0.1)
    text = _findings(found)["memory-leak"].message
    assert "grows by 1000 B with each request" in text
    # 412 MiB above the start, of which 38 are gone by the end of the run.
    assert "limit of 512 MiB after about 390 000 more requests, which are 66 minutes" in text


@pytest.mark.parametrize("name", ["descriptor_leak", "thread_leak"])
def test_descriptors_and_threads_are_for_each_thousand_requests(traffic: Make, name: str) -> None:
    grows = {"fds": 0.004} if name == "descriptor_leak" else {"threads": 0.004}
    run = _soaked(traffic, **grows)
    found = leak(run, {"memory_leak": None})
    measured = _measured(found)[name]
    assert measured.value == pytest.approx(4.0, rel=0.1)
    assert measured.about == "1000 requests"
    rule = name.replace("_", "-")
    assert _findings(found)[rule].severity is Severity.ERROR
    # With a limit of the policy's own, that one decides.
    assert _findings(leak(run, {name: None}))[rule].severity is Severity.WARNING


def test_a_pool_that_fills_by_and_by_is_no_leak(traffic: Make) -> None:
    found = leak(_soaked(traffic, fds=0.0003), {})  # 6 more in the half that counts
    assert _measured(found)["descriptor_leak"].low == 0.0
    assert _findings(found) == {}


def test_a_short_run_is_a_doubt_even_where_it_grows(traffic: Make) -> None:
    found = leak(_soaked(traffic, seconds=60.0, memory=1e5, fds=0.1), {})
    assert {rule: item.severity for rule, item in _findings(found).items()} == {
        "too-short-for-leaks": Severity.DOUBT
    }
    assert "in 60 s of load" in _findings(found)["too-short-for-leaks"].message


def test_descriptors_that_cannot_be_seen_are_left_out(traffic: Make) -> None:
    run = _soaked(traffic)
    run = replace(run, usage=tuple(replace(look, fds=None) for look in run.usage))
    assert list(_measured(leak(run, {}))) == ["memory_leak", "thread_leak"]


def test_without_memory_there_is_nothing_to_say(traffic: Make) -> None:
    run = traffic(response=np.full(100, 0.01), usage=(Usage(1.0, fds=3),))
    assert leak(run, {}) == []


def test_the_picture_shows_the_minima_and_the_line(traffic: Make) -> None:
    found = leak(_soaked(traffic, memory=1000.0), {})
    picture = next(item for item in found if isinstance(item, Evidence))
    assert picture.kind == "curve"
    least, line = picture.data["series"]["least"], picture.data["series"]["trend"]
    assert len(least["x"]) == len(least["y"]) >= 12
    assert line["y"][1] - line["y"][0] == pytest.approx(18.0, rel=0.1)  # MiB
    json.dumps(picture.data, allow_nan=False)
