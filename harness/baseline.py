"""The accepted release that runs beside the candidate: the same sandbox, its own container."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.config import Gate
from harness.errors import EngineError
from harness.model import Startup

if TYPE_CHECKING:
    from harness.runtime import Endpoint, Runtime


@dataclass(frozen=True, slots=True)
class Baseline:
    """A release that was accepted, and runs now."""

    reference: str  # as the user wrote it
    config_digest: str | None  # `sha256:...` of the image configuration
    base_url: str  # `http://127.0.0.1:port`
    startup: Startup


def gate_of(gate: Gate) -> Gate:
    """The same gate with the baseline in the candidate's place: environment, limits, sidecars."""
    instead = {"image": gate.baseline_image, "build": None, "command": None, "url": None}
    candidate = gate.candidate.model_copy(update=instead)
    return replace(gate, file=gate.file.model_copy(update={"candidate": candidate}))


def start(runtime: Runtime, wait: Callable[[Endpoint], Startup]) -> Baseline:
    """Start the baseline and wait until it answers a real inference.

    Raises EngineError where it cannot be started or never becomes ready: a candidate that has
    nothing to be compared with has not passed, and has not failed either.
    """
    try:
        found = runtime.resolve()
        endpoint = runtime.start()
    except EngineError as problem:
        raise EngineError(
            f"baseline.image runs in a container, whatever the candidate is: {problem}"
        ) from None
    startup = wait(endpoint)
    if not startup.ready:
        reason = f"{startup.reason}; {startup.hint}".rstrip("; ")
        raise EngineError(f"baseline.image = {found.reference!r}: it never became ready: {reason}")
    return Baseline(found.reference, found.config_digest, endpoint.base_url, startup)
