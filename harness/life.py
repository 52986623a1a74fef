"""The candidate's starts, its stop under load, and its start after that, each made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.model import Startup
from harness.parts import Parts
from harness.starting import Starter

if TYPE_CHECKING:
    from harness.lifecycle import Drain, Start
    from harness.run import Run
    from harness.runtime import Endpoint


class Life:
    """What the checks of startup and shutdown look at.

    `started` gives the candidate's own start and its instance, `quiet` waits until nothing else
    is measured.
    """

    def __init__(
        self,
        run: Run,
        starter: Starter,
        started: Callable[[], tuple[Startup, Endpoint]],
        quiet: Callable[[], None],
    ) -> None:
        self._run = run
        self._starter = starter
        self._started = started
        self._quiet = quiet
        self._parts = Parts()

    def begin(self) -> None:
        """Look at the candidate in the background, as soon as it is ready."""
        self._parts.begin("settled", self._settle)

    def starts(self) -> tuple[Start, ...]:
        """Every start that gate.toml asks for, with what came right after. Raises EngineError.

        The first one is the candidate's own; more of them want a quiet machine.
        """
        first = self._parts.get("settled", self._settle)
        often = self._run.gate.candidate.starts
        if often == 1 or not first.startup.ready:
            return (first,)
        self._quiet()
        return (first, *(self._again() for _ in range(1, often)))

    def drain(self) -> Drain:
        """What became of every request as the candidate was told to stop; it has ended then.

        Raises CandidateNotReady, EngineError, LoadError.
        """
        from harness.lifecycle import stop_under_load

        run, ready = self._run, self._starter.ready_path()
        driver = run.driver()
        return stop_under_load(run.gate, run.endpoint(), run.contract(), ready, driver)

    def restart(self) -> Startup:
        """What happened when the candidate was started once more after its stop."""
        endpoint = self._started()[1]
        endpoint.restart()
        return self._starter.wait(endpoint)

    def _settle(self) -> Start:
        return self._starter.settle(*self._started())

    def _again(self) -> Start:
        from harness.runtime import Sandbox

        with self._run.launch(Sandbox()) as (startup, endpoint):
            return self._starter.settle(startup, endpoint)
