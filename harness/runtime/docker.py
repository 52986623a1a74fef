"""Candidates in containers, by testcontainers: sandboxed, on loopback, and never left behind."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from harness import units
from harness.errors import EngineError
from harness.model import Candidate
from harness.runtime.docker_client import (
    DockerClient,
    LateClient,
    engine_errors,
    environment,
)
from harness.runtime.docker_endpoint import DockerEndpoint
from harness.runtime.docker_image import DockerImage, build, candidate_of, find
from harness.runtime.endpoint import Sandbox
from harness.runtime.network import network_options
from harness.runtime.sandboxing import TMPFS, container_options
from harness.runtime.sidecar import wait_for_sidecar

if TYPE_CHECKING:
    from harness.config import Gate

_CANNOT_EXECUTE = (126, 127)  # the entry point is not executable, or not there


@dataclass(frozen=True, slots=True)
class _Order:
    """One container to be started."""

    digest: str
    port: int
    environment: dict[str, str]
    network: str
    offline: bool
    alias: str = ""  # its name on the private network; empty for the candidate
    read_only: bool = False


class DockerRuntime:
    """Runs a candidate's image. One private network per run and network mode, sidecars on it."""

    name = "docker"

    def __init__(self, gate: Gate) -> None:
        """Nothing is asked of the engine yet."""
        self._gate = gate
        self._late = LateClient()
        self._lock = threading.RLock()
        self._described: dict[str, Any] | None = None
        self._networks: dict[bool, str] = {}

    def resolve(self) -> Candidate:
        """Find, pull or build the image; from here on only its config digest is used.

        Raises EngineError where there is no engine, no image, or it does not build.
        """
        config = self._gate.candidate
        reference = config.image or f"build of {config.build.context if config.build else '.'}"
        return candidate_of(config.name, reference, self._image())

    def start(self, sandbox: Sandbox = Sandbox()) -> DockerEndpoint:
        """Start an instance, and before the first one on a network its sidecars.

        Raises EngineError; a candidate that dies at once is an endpoint that does not run.
        """
        config = self._gate.candidate
        digest = self._image()["Id"]
        offline = (sandbox.network or config.network) == "none"
        network = self._network(offline)
        order = _Order(
            digest,
            config.port,
            dict(config.environment),
            network,
            offline,
            read_only=sandbox.read_only,
        )
        return self._run(order)

    def image(self) -> DockerImage:
        """The image under test. Raises EngineError."""
        return DockerImage(self._late.get(), self._image())

    def close(self) -> None:
        """Remove everything that this runtime started. Raises EngineError."""
        self._late.close()

    def _image(self) -> dict[str, Any]:
        with self._lock:
            if self._described is None:
                client, config = self._late.get(), self._gate.candidate
                reference = config.image
                if config.build is not None:
                    reference = build(client, config.build, self._gate.root)
                self._described = find(client, cast(str, reference))
            return self._described

    def _network(self, offline: bool) -> str:
        """The name of the private network, made and peopled with the sidecars at its first use."""
        with self._lock:
            if offline not in self._networks:
                name = self._make_network(offline)
                self._start_sidecars(name, offline)
                self._networks[offline] = name
            return self._networks[offline]

    def _make_network(self, offline: bool) -> str:
        with self._late.making() as client:
            options = network_options(client.reaper.run, offline=offline, podman=client.podman)
            with engine_errors("private network (see `gate clean` for what old runs left)"):
                client.sdk.networks.create(**options, labels=client.reaper.labels())
            return str(options["name"])

    def _start_sidecars(self, network: str, offline: bool) -> None:
        services = self._gate.candidate.services
        within = units.in_base(self._gate.candidate.ready.within, "time")
        started = {}
        for name, service in services.items():
            digest = find(self._late.get(), service.image)["Id"]
            order = _Order(
                digest, service.port, dict(service.environment), network, offline, alias=name
            )
            started[name] = self._run(order)
        for name, endpoint in started.items():
            wait_for_sidecar(name, endpoint, within)

    def _run(self, order: _Order) -> DockerEndpoint:
        resources = self._gate.candidate.resources
        options = container_options(resources, offline=order.offline, read_only=order.read_only)
        with self._late.making() as client:
            began = time.monotonic()
            container = _container(client, order)
            container.with_kwargs(labels=client.reaper.labels(), **options)
            try:
                with engine_errors(f"start of {order.alias or 'the candidate'}"):
                    container.start()
            except EngineError:
                if not _candidate_at_fault(client, container):
                    raise
            finally:
                container.get_docker_client().client.close()
            found = container.get_container_id()
            return DockerEndpoint(
                client, found, order.port, offline=order.offline, started_at=began
            )


@dataclass(frozen=True, slots=True)
class _Named:
    """All that testcontainers wants of a network."""

    name: str


def _container(client: DockerClient, order: _Order) -> Any:
    """The container that `order` describes, not started yet."""
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    # Its own reaper is an image that would have to be pulled; ours needs none.
    testcontainers_config.ryuk_disabled = True
    container: Any = DockerContainer(
        order.digest,
        docker_client_kw={"environment": environment(client.address)},
        env=order.environment,
    )
    container.image = order.digest  # without the prefix that a user's environment may set
    # On loopback alone, on a port that the engine finds free.
    container.ports = {f"{order.port}/tcp": ("127.0.0.1", None)}
    container.with_network(_Named(order.network))
    if order.alias:
        container.with_network_aliases(order.alias)
    if order.read_only:
        container.with_tmpfs_mount("/tmp", TMPFS)
    return container


def _candidate_at_fault(client: DockerClient, container: Any) -> bool:
    """Whether the container was made, and what failed was its own entry point."""
    with contextlib.suppress(Exception):
        state = client.api.inspect_container(container.get_container_id())["State"]
        return state.get("ExitCode") in _CANNOT_EXECUTE
    return False
