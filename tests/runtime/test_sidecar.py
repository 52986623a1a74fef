"""Sidecars: waited for, and never the candidate's fault."""

from __future__ import annotations

import socket
import threading

import pytest

from harness.errors import EngineError
from harness.model import Exit
from harness.runtime.sidecar import listens, wait_for_sidecar
from harness.testing import FakeEndpoint, Reply, serve


def test_a_server_that_waits_for_a_request_listens() -> None:
    with serve(lambda *_: Reply()) as endpoint:
        wait_for_sidecar("graph", endpoint, 5.0)


def test_a_proxy_that_hangs_up_is_nobody_listening() -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        threading.Thread(target=lambda: proxy.accept()[0].close(), daemon=True).start()
        assert not listens(proxy.getsockname()[1])


def test_a_sidecar_that_ends_is_named_with_its_code_and_its_words() -> None:
    endpoint = FakeEndpoint("http://127.0.0.1:1", "no model\n", ended=Exit(code=2, seconds=0.0))
    with pytest.raises(EngineError, match="services.graph: ended with exit code 2(.|\n)*no model"):
        wait_for_sidecar("graph", endpoint, 5.0)


def test_a_sidecar_that_never_listens_is_named() -> None:
    with pytest.raises(EngineError, match="does not listen on its port after 0.1 s"):
        wait_for_sidecar("graph", FakeEndpoint("http://127.0.0.1:1"), 0.1)
