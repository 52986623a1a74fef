"""The accepted release beside the candidate: the same sandbox, its own container, its turns."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.config import Gate
from harness.errors import CandidateNotReady, EngineError, GateError
from harness.model import Startup
from harness.parts import Parts
from harness.units import in_base

if TYPE_CHECKING:
    from harness.load import Turns
    from harness.runtime import Endpoint, Runtime


@dataclass(frozen=True, slots=True)
class Baseline:
    """A release that was accepted, and runs now."""

    reference: str  # as the user wrote it
    config_digest: str | None  # `sha256:...` of the image configuration
    endpoint: Endpoint
    startup: Startup

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:port`, as it is now."""
        return self.endpoint.base_url


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
    return Baseline(found.reference, found.config_digest, endpoint, startup)


class Beside:
    """The baseline of one run: started once and when needed, and how it shares the machine.

    `started` gives the candidate's own start and its instance, which the baseline waits for: that
    start is timed, and the contract may have to be learned from it. `wait` follows a start.
    """

    def __init__(
        self,
        gate: Gate,
        started: Callable[[], tuple[Startup, Endpoint]],
        wait: Callable[[Endpoint], Startup],
    ) -> None:
        self._gate = gate
        self._started = started
        self._wait = wait
        self._parts = Parts()
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._closed = False

    def begin(self, needed: set[str]) -> None:
        """Start it in the background where the fixtures in `needed` will ask for it."""
        if self._gate.baseline_image is None:
            return
        if "baseline" in needed:
            self._parts.begin("baseline", self._start)
        elif "turns" in needed:
            self._parts.begin("where it fits", self._start_where_it_fits)

    def quiet(self) -> None:
        """Wait for what was begun."""
        self._parts.let_end("where it fits", "baseline")

    def baseline(self) -> Baseline | None:
        """The accepted release that runs beside the candidate, where gate.toml names its image.

        Raises EngineError, and CandidateNotReady where there is nothing to compare it with.
        """
        if self._gate.baseline_image is None:
            return None
        return self._parts.get("baseline", self._start)

    def turns(self, candidate: Endpoint) -> Turns:
        """Candidate and baseline, both started before; one may be stopped, to make room.

        Raises what `baseline` raises.
        """
        from harness.load.paired import turns

        grace = in_base(self._gate.candidate.grace, "time")
        fits = self._parts.done("baseline") is not None or self._limit <= turns.free_bytes()
        found = self.baseline() if fits else self._in_its_place(candidate, grace)
        assert found is not None
        other = found.endpoint
        used = [side.usage() if side.running() else None for side in (other, candidate)]
        kind, why = turns.choose(used[0], used[1], self._limit, turns.free_bytes())
        return kind(
            turns.Side(other, functools.partial(self._wait, other), grace),
            turns.Side(candidate, functools.partial(self._wait, candidate), grace),
            why,
            self._gate.candidate.resources.cpus,
        )

    def close(self) -> None:
        """Remove it. Raises EngineError."""
        with self._lock:
            self._closed = True
            runtime, self._runtime = self._runtime, None
        if runtime is not None:
            runtime.close()

    @property
    def _limit(self) -> float:
        """Bytes that each of the two may use."""
        return in_base(self._gate.candidate.resources.memory, "size")

    def _start(self) -> Baseline:
        from harness.runtime import open_runtime

        startup, _ = self._started()
        if not startup.ready:
            raise CandidateNotReady(f"the candidate never became ready: {startup.reason}")
        with self._lock:
            if self._closed:
                raise CandidateNotReady("the run is over")
            runtime = self._runtime = open_runtime(gate_of(self._gate))
        return start(runtime, self._wait)

    def _start_where_it_fits(self) -> None:
        """It comes up while other checks run, unless the two need all memory."""
        from harness.load.paired import turns

        startup, candidate = self._started()
        if startup.ready and turns.fits(candidate.usage(), self._limit, turns.free_bytes()):
            self.baseline()

    def _in_its_place(self, candidate: Endpoint, grace: float) -> Baseline | None:
        """Stop the candidate, so that the baseline may start; where that fails, it is back."""
        candidate.stop(grace)
        try:
            return self.baseline()
        except GateError:
            candidate.restart()
            self._wait(candidate)
            raise
