"""How an instance of the candidate comes up: readiness, its first real inference, its contract."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.config import Gate
from harness.errors import ConfigError, GateError
from harness.model import Startup
from harness.units import in_base

if TYPE_CHECKING:
    from harness.contract import Contract
    from harness.lifecycle import Start
    from harness.runtime import Endpoint, ReadyPath


class Starter:
    """Waits for instances of one gate's candidate; learns the contract from the first that serves.

    `declared` gives what gate.toml says that the candidate promises.
    """

    def __init__(self, gate: Gate, declared: Callable[[], Contract]) -> None:
        self._gate = gate
        self._declared = declared
        self.learned: Contract | None = None  # completed by the first instance that served

    def wait(self, endpoint: Endpoint) -> Startup:
        """Until the instance is ready and has answered one inference, or never will be.

        Raises ConfigError for a contract that is impossible, EngineError where the engine fails.
        """
        from harness.runtime import wait_ready

        took = 0.0

        def probe(base_url: str) -> str:
            nonlocal took
            contract, why = self._learn(base_url)
            if contract is None:
                return why
            began = time.monotonic()
            why = contract.probe(base_url)
            took = time.monotonic() - began
            if not why and self.learned is None:
                self.learned = contract
            return why

        asked = self.ready_path()
        path, unready = (None, None) if asked is None else (asked.path, asked.unready)
        within = in_base(self._gate.candidate.ready.within, "time")
        startup = wait_ready(endpoint, path, within, probe, unready)
        return replace(startup, first=took) if startup.ready else startup

    def settle(self, startup: Startup, endpoint: Endpoint) -> Start:
        """What an instance that has just become ready does in its first half second."""
        from harness.lifecycle import Settled, Start, settle

        if not startup.ready:
            return Start(startup, Settled())
        contract = self.learned or self._declared()
        return Start(startup, settle(endpoint.base_url, contract, self.ready_path()))

    def ready_path(self) -> ReadyPath | None:
        """Where the candidate says whether it is ready; None where only an inference tells.

        What a body must say is known only of the path that the protocol names.
        """
        from harness.runtime import ReadyPath

        contract, said = self._declared(), self._gate.candidate.ready.path
        path = said or contract.ready_path
        unready = contract.preset.unready if said is None else None
        return None if path is None else ReadyPath(path, unready)

    def _learn(self, base_url: str) -> tuple[Contract | None, str]:
        """The contract, which may have to be learned first; None and why where that is too early.

        A contract that is impossible is no matter of waiting: ConfigError.
        """
        try:
            return self.learned or self._declared().learn(base_url), ""
        except ConfigError:
            raise
        except GateError as problem:
            return None, str(problem)
