"""Fixtures of the tests: a container engine, or the reason why there is none."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def engine() -> None:
    """A container engine answers; under GATE_REQUIRE_ENGINE=1 its absence is a failure."""
    from harness.runtime import engine_status

    status = engine_status()
    if status.available:
        return
    if os.environ.get("GATE_REQUIRE_ENGINE") == "1":
        pytest.fail(f"GATE_REQUIRE_ENGINE=1, but no container engine answers: {status.detail}")
    pytest.skip(f"no container engine answers: {status.detail}")
