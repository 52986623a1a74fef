"""The engine's statistics as a Usage, where the control groups cannot be read."""

from __future__ import annotations

from typing import Any

from harness.model import Usage
from harness.runtime.docker_endpoint import usage_of

STATS: dict[str, Any] = {
    "cpu_stats": {
        "cpu_usage": {"total_usage": 2_500_000_000},
        "throttling_data": {"periods": 40, "throttled_periods": 3},
    },
    "memory_stats": {
        "usage": 1_000_000,
        "max_usage": 1_700_000,
        "limit": 536_870_912,
        "stats": {"total_inactive_file": 400_000, "inactive_file": 7},
    },
    "pids_stats": {"current": 12},
}


def test_version_1_takes_off_the_inactive_cache_of_the_whole_group() -> None:
    assert usage_of(STATS, 1.5) == Usage(
        at=1.5,
        cpu_s=2.5,
        memory_bytes=600_000,
        memory_limit_bytes=512 << 20,
        memory_peak_bytes=1_700_000,
        cache_bytes=400_000,
        periods=40,
        throttled_periods=3,
        threads=12,
    )


def test_version_2_takes_off_the_inactive_cache() -> None:
    memory = {"usage": 1_000_000, "limit": 1 << 62, "stats": {"inactive_file": 400_000}}
    found = usage_of({**STATS, "memory_stats": memory}, 1.5)
    assert (found.memory_bytes, found.memory_limit_bytes) == (600_000, None)


def test_a_container_that_has_ended_is_not_measured() -> None:
    ended = {"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}}
    assert usage_of(ended, 1.5) == Usage(at=1.5)
