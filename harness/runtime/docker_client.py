"""The engine's SDK, kept behind one door: connecting late, and every failure an EngineError."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.errors import EngineError
from harness.runtime.engine import engine_status, local_address
from harness.runtime.reaper import Reaper

_PATIENCE = 5.0  # seconds that the end of a run waits for a container that is being made


class DockerClient:
    """A connection to the engine, and the reaper of what is made through it."""

    def __init__(self) -> None:
        """Connect and start the watchdog. Raises EngineError where no engine answers."""
        import docker

        self.address = local_address()
        status = engine_status()
        if not status.available:
            raise EngineError(status.detail)
        self.podman = status.podman
        with engine_errors(f"the container engine at {self.address}"):
            self.sdk: Any = docker.from_env(environment=environment(self.address))
        self.reaper = Reaper(self.address)

    @property
    def api(self) -> Any:
        """The SDK's low-level client."""
        return self.sdk.api

    def close(self, watch: bool = False) -> None:
        """Remove everything of this run; `watch`: more may come. Raises EngineError."""
        try:
            self.reaper.close(watch)
        finally:
            self.sdk.close()


class LateClient:
    """Connects at the first use, once, from whichever thread comes first."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._client: DockerClient | None = None
        self._closed = False
        self._making = 0

    def get(self) -> DockerClient:
        """The connection. Raises EngineError where no engine answers, or after `close`."""
        with self._lock:
            if self._closed:
                raise EngineError("the runtime is closed: nothing more can be started in it")
            if self._client is None:
                self._client = DockerClient()
            return self._client

    @contextmanager
    def making(self) -> Iterator[DockerClient]:
        """The connection, while something is made that `close` must know of. As `get`."""
        client = self.get()
        with self._lock:
            self._making += 1
        try:
            yield client
        finally:
            with self._lock:
                self._making -= 1
                self._lock.notify_all()

    def close(self) -> None:
        """Remove everything, also what another thread is making right now. Raises EngineError."""
        with self._lock:
            self._closed = True
            still = not self._lock.wait_for(lambda: self._making == 0, _PATIENCE)
            client, self._client = self._client, None
        if client is not None:
            # What appears later is left to the watchdog, which looks more than once.
            client.close(watch=still)


def environment(address: str) -> dict[str, str]:
    """The environment that points the SDK at `address`, with the user's certificates."""
    import os

    kept = ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
    return {"DOCKER_HOST": address, **{key: os.environ[key] for key in kept if key in os.environ}}


@contextmanager
def engine_errors(what: str) -> Iterator[None]:
    """Turn whatever the SDK raises inside the block into an EngineError that starts with `what`."""
    import requests
    from docker.errors import APIError, DockerException
    from urllib3.exceptions import HTTPError  # of a stream that breaks off, the SDK lets through

    try:
        yield
    except APIError as problem:
        raise EngineError(f"{what}: {problem.explanation or problem}") from problem
    except (DockerException, requests.RequestException, HTTPError, OSError) as problem:
        raise EngineError(f"{what}: {problem}") from problem
