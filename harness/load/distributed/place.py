"""Where the load is made: the gate's side of a master, which waits for workers to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Place:
    """A master's address, and how many workers it waits for."""

    host: str
    port: int
    workers: int

    MODULE = "harness.load.distributed"
    PATIENCE = 300.0  # seconds for all workers to come: machines are started for it

    @classmethod
    def of(cls, address: str, workers: int) -> Place:
        """From a `HOST:PORT`. Raises ConfigError."""
        if workers < 1:
            raise ConfigError(f"--workers {workers}: expected at least 1")
        host, port = parse(address)
        return cls(host, port, workers)

    @property
    def words(self) -> list[str]:
        """Locust's own options for it."""
        bound = ["--master-bind-host", self.host, "--master-bind-port", str(self.port)]
        return ["--master", *bound, "--expect-workers", str(self.workers)]

    @property
    def note(self) -> str:
        """What a report says of it."""
        return (
            f"the load came from {self.workers} workers; the floor of their way to the candidate, "
            "and what else their machines did, were not measured"
        )

    def lonely(self, come: Sequence[str]) -> str:
        """That not all of its workers have come."""
        who = ", ".join(come) or "does `gate load worker --master` name this address?"
        return (
            f"{len(come)} of {self.workers} workers came to {self.host}:{self.port} within "
            f"{self.PATIENCE:g} s: {who}"
        )


def parse(address: str) -> tuple[str, int]:
    """Host and port of a `HOST:PORT`. Raises ConfigError."""
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigError(f"{address!r} is no address: expected HOST:PORT, like 127.0.0.1:5557")
    return host, int(port)
