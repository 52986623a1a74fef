"""Ports for what the gate starts itself."""

from __future__ import annotations

import socket

import pytest

from harness.errors import EngineError
from harness.runtime import ports
from harness.runtime.ports import free_port


def test_the_port_is_none_that_the_kernel_lends_to_outgoing_connections() -> None:
    with socket.socket() as lent:
        lent.bind(("127.0.0.1", 0))
        assert free_port() < 32_000 < lent.getsockname()[1]


def test_a_port_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", taken := free_port()))
        monkeypatch.setattr(ports, "_PORTS", [taken])
        monkeypatch.setattr(ports, "_TRIES", 1)
        with pytest.raises(EngineError, match="each is in use"):
            free_port()
