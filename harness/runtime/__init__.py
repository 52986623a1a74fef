"""Where candidates run: containers, local processes, or somewhere else behind a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.runtime.endpoint import Endpoint, Image, ImageFile, Runtime, Sandbox
from harness.runtime.engine import EngineStatus, engine_status, image_digests
from harness.runtime.first import FirstProcess
from harness.runtime.readiness import ReadyPath, wait_ready
from harness.runtime.reaper import clean, interrupt_on_sigterm

if TYPE_CHECKING:
    from harness.config import Gate

__all__ = [
    "Endpoint",
    "EngineStatus",
    "FirstProcess",
    "Image",
    "ImageFile",
    "ReadyPath",
    "Runtime",
    "Sandbox",
    "clean",
    "engine_status",
    "image_digests",
    "interrupt_on_sigterm",
    "open_runtime",
    "wait_ready",
]


def open_runtime(gate: Gate) -> Runtime:
    """The place where this gate's candidate runs. Cheap: nothing is connected or started yet."""
    if gate.candidate.url is not None:
        from harness.runtime.remote import RemoteRuntime

        return RemoteRuntime(gate)
    if gate.candidate.command is not None:
        from harness.runtime.process import ProcessRuntime

        return ProcessRuntime(gate)
    from harness.runtime.docker import DockerRuntime

    return DockerRuntime(gate)
