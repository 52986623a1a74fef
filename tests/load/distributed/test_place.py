"""Addresses of masters."""

from __future__ import annotations

import pytest

from harness.errors import ConfigError
from harness.load.distributed.place import Place, parse


def test_a_place_is_told_to_locust() -> None:
    words = Place.of("10.0.0.1:5557", 3).words
    assert words == [
        "--master", "--master-bind-host", "10.0.0.1", "--master-bind-port", "5557",
        "--expect-workers", "3",
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["5557", "host", "host:", ":5557", "host:0", "host:99999"])
def test_an_address_without_host_or_port_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="expected HOST:PORT"):
        parse(address)


def test_no_worker_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected at least 1"):
        Place.of("127.0.0.1:5557", 0)


def test_who_has_not_come_is_told_by_who_has() -> None:
    place = Place("127.0.0.1", 5557, 2)
    assert "1 of 2 workers came" in place.lonely(["worker 1 (left)"])
    assert "worker 1 (left)" in place.lonely(["worker 1 (left)"])
    assert "does `gate load worker --master` name this address?" in place.lonely([])
