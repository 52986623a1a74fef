"""All that a load run needs before it begins: made while other checks are still at work."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from harness import temporary
from harness.config import Gate
from harness.limits import Limit
from harness.load import plan
from harness.load.errors import LoadError
from harness.load.generator import Generator

if TYPE_CHECKING:
    from harness.contract import Contract


class Rig:
    """The plan, its files, and a Locust process that waits for the word. Use as a context.

    Raises LoadError where the load cannot be planned or Locust cannot be started.
    """

    def __init__(self, gate: Gate, contract: Contract, limits: Mapping[str, Limit]) -> None:
        if gate.load is None:
            raise LoadError("this gate has no [load]")
        self.plan = plan.make(gate.load, limits, gate.policy.confidence)
        locustfile = gate.find(gate.load.locustfile) if gate.load.locustfile else None
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(temporary.folder()))
            plan.write(self.plan, self.folder, None if locustfile else contract)
            generator = Generator(self.folder, locustfile, self.plan.users, gate.root)
            self.generator = stack.enter_context(generator)
            self._stack = stack.pop_all()

    def __enter__(self) -> Rig:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, problem, trace)

    def discard(self) -> None:
        """End it unused. A second call, or one after the run, does nothing."""
        stack = self._stack.pop_all()
        stack.__exit__(LoadError, LoadError("not needed"), None)
