"""One run: everything that lives from the first check to the last, started once and when needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from harness.config import Gate
from harness.errors import CandidateNotReady, EngineError
from harness.limits import Limit
from harness.model import Candidate, Startup
from harness.units import in_base

if TYPE_CHECKING:
    from harness.accuracy import Comparison
    from harness.contract import Contract
    from harness.load import Rig, Traffic
    from harness.runtime import Endpoint, Image, Runtime, Sandbox

Value = TypeVar("Value")


class Run:
    """The candidate of one gate, and what was learned of it so far.

    Slow parts run once, on threads of their own: whoever needs one first starts it, everybody
    waits for the same result or the same exception.
    """

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.load_limits: Mapping[str, Limit] = {}  # in force for the family, once collected
        self._parts: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._closed = False

    @property
    def runtime(self) -> Runtime:
        """The place where candidates of this gate run."""
        from harness.runtime import open_runtime

        with self._lock:
            if self._closed:
                raise CandidateNotReady("the run is over")
            if self._runtime is None:
                self._runtime = open_runtime(self.gate)
            return self._runtime

    def begin(self, needed: set[str]) -> None:
        """Start in the background what the fixtures in `needed` will ask for."""
        asked = {"startup", "endpoint", "traffic"}
        if self.gate.accuracy_is_served:
            asked.add("comparison")
        if needed & (asked | {"candidate", "image"}):
            self._begin("candidate", self._resolve)
        if needed & asked:
            self._begin("started", self._start)
        if "comparison" in needed:
            self._begin("comparison", self._compare)
        if "image" in needed:
            self._begin("scan", self._scan)
        if "traffic" in needed:
            self._begin("rig", self._stand_by)
        if "read_only_startup" in needed:
            self._begin("read_only", self._start_read_only)

    def validate(self) -> None:
        """What only the rooms themselves can tell of gate.toml. Raises ConfigError."""
        if self.gate.accuracy is not None:
            from harness.accuracy import validate

            validate(self.gate)
        self.contract()

    def candidate(self) -> Candidate:
        """What is under test. Raises EngineError."""
        found: Candidate = self._begin("candidate", self._resolve).result()
        return found

    def startup(self) -> Startup:
        """What happened when it was started. Raises EngineError."""
        return self._started()[0]

    def endpoint(self) -> Endpoint:
        """The running candidate. Raises CandidateNotReady, EngineError."""
        startup, endpoint = self._started()
        if not startup.ready:
            raise CandidateNotReady(f"the candidate never became ready: {startup.reason}")
        died = self.died()
        if died:
            raise CandidateNotReady(died)
        return endpoint

    def died(self) -> str:
        """How a candidate that was ready has ended since; empty where it did not."""
        started = self._done("started")
        if started is None:
            return ""
        startup, endpoint = started
        if not startup.ready or endpoint.running():
            return ""
        end = endpoint.exit()
        how = "" if end is None else f" (exit code {end.code}{', out of memory' * end.oom_killed})"
        return f"the candidate has ended since it became ready{how}"

    @contextmanager
    def launch(self, sandbox: Sandbox) -> Iterator[tuple[Startup, Endpoint]]:
        """One more instance while the block runs. Raises EngineError."""
        endpoint = self.runtime.start(sandbox)
        try:
            yield self._wait(endpoint), endpoint
        finally:
            endpoint.remove()

    def read_only_startup(self) -> Startup:
        """What happened when one more was started with a read-only root.

        Raises EngineError, and CandidateNotReady where it does not even start without.
        """
        found: Startup = self._begin("read_only", self._start_read_only).result()
        return found

    def image(self) -> Image | None:
        """The image under test, or None where the candidate is none."""
        self.candidate()
        return self.runtime.image()

    def contract(self) -> Contract:
        """What the candidate promises. Raises ConfigError."""
        found: Contract = self._begin("contract", self._read_contract).result()
        return found

    def comparison(self) -> Comparison:
        """Candidate model against reference model, on the rows of the data set."""
        found: Comparison = self._begin("comparison", self._compare).result()
        return found

    def traffic(self) -> Traffic:
        """The load run, once the machine is quiet: nothing else may be measured meanwhile."""
        self._let_end("comparison", "scan", "read_only")
        found: Traffic = self._begin("traffic", self._load).result()
        return found

    def logs(self) -> str:
        """What the candidate wrote, as far as it can be known now."""
        started = self._done("started")
        if started is None:
            return ""
        try:
            text: str = started[1].logs()
        except EngineError as problem:
            return f"[the logs could not be read: {problem}]"
        return text

    def known(self) -> tuple[Candidate | None, str]:
        """The candidate, where it was resolved, and the name of the runtime, where one is open."""
        return self._done("candidate"), "" if self._runtime is None else self._runtime.name

    def close(self) -> None:
        """Remove everything that was started."""
        with self._lock:
            self._closed = True
            runtime, self._runtime = self._runtime, None
        rig = self._done("rig")
        if rig is not None:
            rig.discard()
        if runtime is not None:
            runtime.close()

    def _started(self) -> tuple[Startup, Endpoint]:
        found: tuple[Startup, Endpoint] = self._begin("started", self._start).result()
        return found

    def _resolve(self) -> Candidate:
        return self.runtime.resolve()

    def _start(self) -> tuple[Startup, Endpoint]:
        self.candidate()
        endpoint = self.runtime.start()
        return self._wait(endpoint), endpoint

    def _wait(self, endpoint: Endpoint) -> Startup:
        from harness.runtime import wait_ready

        contract = self.contract()
        ready = self.gate.candidate.ready
        within = in_base(ready.within, "time")
        return wait_ready(endpoint, ready.path or contract.ready_path, within, contract.probe)

    def _read_contract(self) -> Contract:
        from harness.contract import Contract

        return Contract.load(self.gate)

    def _compare(self) -> Comparison:
        from harness.accuracy import evaluate

        self._let_it_start()
        base_url = self.endpoint().base_url if self.gate.accuracy_is_served else None
        return evaluate(self.gate, base_url, self.contract())

    def _scan(self) -> None:
        """Read the image, whose findings its checks then share."""
        from harness.static import scan

        self._let_it_start()
        found = self.image()
        if found is not None:
            scan(found)

    def _start_read_only(self) -> Startup:
        from harness.runtime import Sandbox

        self.endpoint()
        with self.launch(Sandbox(read_only=True)) as (startup, _):
            return startup

    def _let_it_start(self) -> None:
        """The start is timed: leave it the machine."""
        self._let_end("started")

    def _stand_by(self) -> Rig:
        """Locust takes a while to load: it can do so while other checks run."""
        from harness.load import Rig

        self._let_it_start()
        return Rig(self.gate, self.contract(), self.load_limits)

    def _load(self) -> Traffic:
        from harness.load import run

        rig = self._begin("rig", self._stand_by).result()
        try:
            endpoint = self.endpoint()
            return run(self.gate, endpoint, self.contract(), self.load_limits, rig)
        finally:
            rig.discard()

    def _done(self, name: str) -> Any:
        """The result of a part that has come to one, else None; it is not waited for."""
        part = self._parts.get(name)
        if part is None or not part.done() or part.exception() is not None:
            return None
        return part.result()

    def _let_end(self, *names: str) -> None:
        """Wait for the parts that were begun, however they end."""
        for name in names:
            part = self._parts.get(name)
            if part is not None:
                part.exception()

    def _begin(self, name: str, work: Callable[[], Value]) -> Future[Value]:
        with self._lock:
            part = self._parts.get(name)
            if part is not None:
                return part
            part = self._parts[name] = Future()
        # A daemon: an interrupted run must not wait for an engine that is busy.
        threading.Thread(target=_fulfil, args=(part, work), name=name, daemon=True).start()
        return part


def _fulfil(part: Future[Value], work: Callable[[], Value]) -> None:
    try:
        part.set_result(work())
    except BaseException as problem:
        part.set_exception(problem)
