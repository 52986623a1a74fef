"""All that load needs before it begins: made while other checks are still at work."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from harness import temporary
from harness.config import Gate, LoadConfig
from harness.errors import GateError
from harness.limits import Limit
from harness.load.distributed.place import Place
from harness.load.driving.answers import Answers, usual_faults
from harness.load.driving.driver import Driver
from harness.load.driving.generator import Generator
from harness.load.driving.quiet import Quiet
from harness.load.errors import LoadError
from harness.load.locustside import layout
from harness.load.planned import bodies, plan, replay
from harness.load.trust import floor
from harness.model import Usage

if TYPE_CHECKING:
    from harness.contract import Contract


class _Target(Protocol):
    @property
    def base_url(self) -> str: ...

    def usage(self) -> Usage: ...


class Rig:
    """The plan, the requests, and a Locust process that waits for the word. Use as a context.

    Lives from the first load check to the last: whatever is sent, `driver` sends it. A gate
    without `[load]` has the defaults. Raises LoadError where the load cannot be planned or Locust
    cannot be started.
    """

    def __init__(
        self,
        gate: Gate,
        endpoint: _Target,
        contract: Contract,
        limits: Mapping[str, Limit],
        place: Place | None = None,
    ) -> None:
        """`place`: the load is made by workers elsewhere, who find their master there."""
        load = gate.load or LoadConfig()
        self.endpoint = endpoint
        trace = plan.trace_of(gate)
        plan.refuse_strangers(endpoint.base_url, load.hosts)
        self.plan = plan.make(load, limits, gate.policy.confidence, trace)
        self.notes: tuple[str, ...] = ()  # on what is sent
        self.place = place
        self.distinct = 0  # requests of the rotation before the first repetition
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(temporary.folder()))
            promised = self._write(load, trace, contract, endpoint.base_url)
            if place is not None:
                self.notes = (*self.notes, place.note)
            locustfile = gate.find(load.locustfile) if load.locustfile else None
            self.null = self._null(stack, gate)  # where the floor can be measured, or why not
            generator = Generator(self.folder, locustfile, self.plan.users, gate.root, place)
            stack.enter_context(generator)
            self.driver = Driver(
                generator,
                self.folder,
                target=endpoint.base_url,
                rate=self.plan.rate,
                users=self.plan.users,
                timeout=self.plan.timeout,
                patience=self.plan.patience,
                answers=lambda: _answers(self.folder, contract, endpoint.base_url, promised),
                allow=lambda url: plan.refuse_strangers(url, load.hosts),
            )
            # What sidecars use is not told: then nobody's work can be told from theirs.
            known = not gate.candidate.services
            self.driver.count_in(lambda: _seconds(endpoint) if known else None)
            self._stack = stack.pop_all()

    def __enter__(self) -> Rig:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.pop_all().__exit__(kind, problem, trace)

    def discard(self) -> None:
        """End it. A second call does nothing."""
        self.__exit__(None, None, None)

    def _null(self, stack: ExitStack, gate: Gate) -> str | LoadError | None:
        """None where the floor could not matter. A server here is not on the way of workers."""
        if self.place is not None or not floor.matters(self.plan.tightest):
            return None
        try:
            return stack.enter_context(floor.server(gate))
        except LoadError as problem:
            return problem

    def _write(
        self, load: LoadConfig, trace: replay.Trace | None, contract: Contract, base_url: str
    ) -> frozenset[int] | None:
        """Leave the requests for Locust's process; which of them the contract speaks of."""
        path = self.folder / layout.REQUESTS
        if trace is not None:
            trace.write(path)
            own = {(request.method, request.path) for request in contract.requests()}
            return trace.asking(own)
        try:
            made = bodies.write(
                path,
                contract,
                sizes=load.sizes,
                seed=load.seed,
                count=bodies.enough(self.plan.first),
                base_url=base_url,
            )
        except LoadError:
            if load.locustfile is None:
                raise
            return None  # the locustfile says what is sent
        if load.locustfile is None:
            self.notes = (made.note,) if made.note else ()
            self.distinct = made.distinct if made.distinct == made.sent else 0
        return None


def _answers(
    folder: Path, contract: Contract, base_url: str, promised: frozenset[int] | None
) -> Answers:
    usual = usual_faults(contract, base_url)
    quiet = Quiet(contract, base_url, folder / layout.REQUESTS, promised)
    return Answers(folder / layout.ANSWERS, contract, usual, promised, quiet)


def _seconds(endpoint: _Target) -> float | None:
    try:
        return endpoint.usage().cpu_s
    except GateError:
        return None
