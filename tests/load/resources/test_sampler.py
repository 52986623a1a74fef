"""Sampling resources beside the load."""

from __future__ import annotations

import threading
import time

from harness.load.resources.sampler import Sampler
from harness.model import Usage


class _Endpoint:
    """Tells its usage, but for the looks whose numbers are in `broken`."""

    def __init__(self, wanted: int, broken: frozenset[int] = frozenset()) -> None:
        self.enough = threading.Event()
        self.looks = 0
        self._wanted = wanted
        self._broken = broken

    def usage(self) -> Usage:
        look = self.looks
        self.looks += 1
        if self.looks >= self._wanted:
            self.enough.set()
        if look in self._broken:
            raise OSError("the engine went away")
        return Usage(at=time.monotonic(), memory_bytes=look)


def test_samples_are_taken_while_the_block_runs_and_once_more_at_its_end() -> None:
    endpoint = _Endpoint(wanted=1)
    with Sampler(endpoint, every=60.0) as sampler:
        assert endpoint.enough.wait(5)
    assert [sample.memory_bytes for sample in sampler.samples] == [0, 1]
    assert sampler.problem == ""


def test_a_look_that_fails_is_missing_and_the_next_one_is_not() -> None:
    endpoint = _Endpoint(wanted=3, broken=frozenset({1}))
    with Sampler(endpoint, every=0.001) as sampler:
        assert endpoint.enough.wait(5)
    assert [sample.memory_bytes for sample in sampler.samples][:2] == [0, 2]
    assert sampler.problem == "OSError: the engine went away"


def test_a_runtime_that_has_gone_ends_the_sampling_and_not_the_run() -> None:
    endpoint = _Endpoint(wanted=10, broken=frozenset(range(100)))
    with Sampler(endpoint, every=0.001) as sampler:
        assert endpoint.enough.wait(5)
    assert sampler.samples == ()
    assert endpoint.looks == 10
