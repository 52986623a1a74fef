"""Sampling resources beside the load."""

from __future__ import annotations

import threading
import time

import pytest

from harness.load.sampler import Sampler
from harness.model import Usage

pytestmark = pytest.mark.alone


class _Endpoint:
    def __init__(self, broken: bool = False) -> None:
        self.asked = threading.Event()
        self._broken = broken

    def usage(self) -> Usage:
        self.asked.set()
        if self._broken:
            raise OSError("the engine went away")
        return Usage(at=time.monotonic(), memory_bytes=7)


def test_samples_are_taken_while_the_block_runs() -> None:
    endpoint = _Endpoint()
    with Sampler(endpoint) as sampler:
        assert endpoint.asked.wait(5)
    assert [sample.memory_bytes for sample in sampler.samples] == [7]
    assert sampler.problem == ""


def test_a_runtime_that_breaks_ends_the_sampling_and_not_the_run() -> None:
    endpoint = _Endpoint(broken=True)
    with Sampler(endpoint) as sampler:
        assert endpoint.asked.wait(5)
    assert sampler.samples == ()
    assert sampler.problem == "OSError: the engine went away"
