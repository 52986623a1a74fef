"""A candidate behind a URL: asked, but not touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.errors import EngineError
from harness.runtime import Runtime, Sandbox

URL = 'url = "http://127.0.0.1:5000/"\n'


def test_its_url_is_its_reference_and_its_address(opened: Callable[[str], Runtime]) -> None:
    runtime = opened(URL)
    assert runtime.resolve().reference == "http://127.0.0.1:5000"
    assert runtime.start().base_url == "http://127.0.0.1:5000"
    assert runtime.image() is None


def test_nothing_is_measured_that_cannot_be(opened: Callable[[str], Runtime]) -> None:
    endpoint = opened(URL).start()
    usage = endpoint.usage()
    assert (usage.cpu_s, usage.memory_bytes, usage.oom_kills) == (None, None, None)
    assert (endpoint.logs(), endpoint.exit(), endpoint.running()) == ("", None, True)


def test_it_is_not_ours_to_stop(opened: Callable[[str], Runtime]) -> None:
    endpoint = opened(URL).start()
    with pytest.raises(EngineError, match="is not ours to stop"):
        endpoint.stop(1.0)
    with pytest.raises(EngineError, match="is not ours to start"):
        endpoint.restart()
    assert endpoint.first_process() is None
    endpoint.remove()
    assert endpoint.running()


def test_it_is_not_ours_to_start_differently(opened: Callable[[str], Runtime]) -> None:
    with pytest.raises(EngineError, match="is not ours to start"):
        opened(URL).start(Sandbox(read_only=True))
