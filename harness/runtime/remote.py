"""A candidate that somebody else runs: it can be asked, but neither looked into nor stopped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import EngineError
from harness.model import Candidate, Exit, Usage
from harness.runtime.endpoint import Sandbox

if TYPE_CHECKING:
    from harness.config import Gate


class RemoteRuntime:
    """Hands out the endpoint at `candidate.url`."""

    name = "remote"

    def __init__(self, gate: Gate) -> None:
        """Nothing is asked yet."""
        self._name = gate.candidate.name
        self._url = gate.candidate.url or ""

    def resolve(self) -> Candidate:
        """The URL is the reference; what runs behind it has no digest that we could know."""
        return Candidate(self._name, self._url)

    def start(self, sandbox: Sandbox = Sandbox()) -> RemoteEndpoint:
        """The endpoint that runs already. Raises EngineError for a sandbox."""
        if sandbox != Sandbox():
            raise EngineError(f"{self._url} is not ours to start with {sandbox}")
        return RemoteEndpoint(self._url)

    def image(self) -> None:
        """Its image cannot be known."""

    def close(self) -> None:
        """Nothing was started."""


class RemoteEndpoint:
    """Somebody else's running instance."""

    offline = False

    def __init__(self, url: str) -> None:
        self.base_url = url.rstrip("/")
        self.started_at = time.monotonic()

    def running(self) -> bool:
        """True: that it has ended cannot be told from its being out of reach."""
        return True

    def logs(self) -> str:
        """Empty: they are not ours to read."""
        return ""

    def usage(self) -> Usage:
        """Nothing can be measured from here."""
        return Usage(at=time.monotonic())

    def exit(self) -> Exit | None:
        """None: it cannot be known."""
        return None

    def stop(self, grace: float) -> Exit:
        """Raises EngineError: it is not ours to stop."""
        raise EngineError(f"{self.base_url} is not ours to stop: it was given by candidate.url")

    def bind(self, processors: Sequence[int]) -> None:
        """Raises EngineError: it is not ours to bind."""
        raise EngineError(f"{self.base_url} is not ours to bind: it was given by candidate.url")

    def pause(self) -> None:
        """Raises EngineError: it is not ours to pause."""
        raise EngineError(f"{self.base_url} is not ours to pause: it was given by candidate.url")

    def unpause(self) -> None:
        """Nothing was paused."""

    def restart(self) -> None:
        """Raises EngineError: it is not ours to start."""
        raise EngineError(f"{self.base_url} is not ours to start: it was given by candidate.url")

    def first_process(self) -> None:
        """None: it cannot be seen from here."""

    def remove(self) -> None:
        """Nothing to remove."""
