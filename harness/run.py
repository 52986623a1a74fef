"""One run: everything that lives from the first check to the last, started once and when needed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness.baseline import Baseline, Beside
from harness.comparing import Comparing
from harness.config import Gate
from harness.errors import CandidateNotReady, EngineError
from harness.life import Life
from harness.limits import Limit
from harness.model import Candidate, Startup
from harness.parts import Parts
from harness.starting import Starter

if TYPE_CHECKING:
    from harness.accuracy import Comparison
    from harness.contract import Contract, Golden
    from harness.load import Driver, Rig, Traffic, Turns
    from harness.load.distributed.place import Place
    from harness.runtime import Endpoint, Image, Runtime, Sandbox


class Run:
    """The candidate of one gate, and what was learned of it so far.

    Slow parts run once, on threads of their own: whoever needs one first starts it, everybody
    waits for the same result or the same exception.
    """

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.load_limits: Mapping[str, Limit] = {}  # in force for the family, once collected
        self.comparing = Comparing()
        self.place: Place | None = None  # where the load is made, if not here
        self._parts = Parts()
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._starter = Starter(gate, self.declared)
        self.beside = Beside(gate, self._started, self._starter.wait)
        self.life = Life(self, self._starter, self._started, self._quiet)
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
        asked = {"startup", "starts", "endpoint", "baseline", "drain", "turns"}
        asked |= {"traffic", "driver", "rig"}
        if self.gate.accuracy_is_served or self.gate.accuracy_beside_baseline:
            asked.add("comparison")
        if needed & (asked | {"candidate", "image"}):
            self._parts.begin("candidate", self._resolve)
        if needed & asked:
            self._parts.begin("started", self._start)
        if "starts" in needed:
            self.life.begin()
        if "comparison" in needed:
            self._parts.begin("comparison", self._compare)
        if "image" in needed:
            self._parts.begin("scan", self._scan)
        if needed & {"traffic", "driver", "rig", "drain"}:
            self._parts.begin("rig", self._stand_by)
        if "read_only_startup" in needed:
            self._parts.begin("read_only", self._start_read_only)
        self.beside.begin(needed)

    def validate(self) -> None:
        """What only the rooms themselves can tell of gate.toml. Raises ConfigError."""
        if self.gate.load is not None:
            from harness.load import validate as validate_load

            validate_load(self.gate)
        if self.gate.accuracy is not None:
            from harness.accuracy import validate

            validate(self.gate)
        self.declared()
        self.golden()

    def candidate(self) -> Candidate:
        """What is under test. Raises EngineError."""
        return self._parts.get("candidate", self._resolve)

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
        started = self._parts.done("started")
        if started is None:
            return ""
        startup, endpoint = started
        if not startup.ready or endpoint.running():
            return ""
        end = endpoint.exit()
        how = "" if end is None else f" (exit code {end.code}{', out of memory' * end.oom_killed})"
        return f"the candidate has ended since it became ready{how}"

    @contextlib.contextmanager
    def launch(self, sandbox: Sandbox) -> Iterator[tuple[Startup, Endpoint]]:
        """One more instance while the block runs. Raises EngineError."""
        endpoint = self.runtime.start(sandbox)
        try:
            yield self._starter.wait(endpoint), endpoint
        finally:
            endpoint.remove()

    def read_only_startup(self) -> Startup:
        """What happened when one more was started with a read-only root.

        Raises EngineError, and CandidateNotReady where it does not even start without.
        """
        return self._parts.get("read_only", self._start_read_only)

    def image(self) -> Image | None:
        """The image under test, or None where the candidate is none."""
        self.candidate()
        return self.runtime.image()

    def declared(self) -> Contract:
        """What gate.toml and its files say that the candidate promises. Raises ConfigError."""
        return self._parts.get("contract", self._read_contract)

    def contract(self) -> Contract:
        """What the candidate promises, completed by what it says of itself while it starts.

        Raises ConfigError, and where it has to be asked what `endpoint` raises.
        """
        declared = self.declared()
        if self._starter.learned is None and not declared.complete:
            self.endpoint()
        return self._starter.learned or declared

    def golden(self) -> Golden | None:
        """The contract and answers of the accepted release, where gate.toml names their file.

        Raises ConfigError.
        """
        from harness.contract import read_golden

        path = self.gate.golden_path
        if path is None:
            return None
        return self._parts.get("golden", lambda: read_golden(path, self.declared().protocol))

    def baseline(self) -> Baseline | None:
        """As `Beside.baseline`."""
        return self.beside.baseline()

    def comparison(self) -> Comparison:
        """Candidate model against reference model, on the rows of the data set."""
        return self._parts.get("comparison", self._compare)

    def traffic(self) -> Traffic:
        """The load run, once the machine is quiet: nothing else may be measured meanwhile."""
        self._quiet()
        return self._parts.get("traffic", self._load)

    def rig(self) -> Rig:
        """What sends whatever else is tried under load, once nothing else is measured.

        Raises LoadError, and what `endpoint` raises.
        """
        self._quiet()
        self._parts.let_end("traffic")
        return self._rig()

    def driver(self) -> Driver:
        """Who sends it. Raises what `rig` raises."""
        return self.rig().driver

    def turns(self) -> Turns:
        """As `Beside.turns`, once nothing else is measured. Raises also what `endpoint` raises."""
        self._quiet()
        self._parts.let_end("traffic")
        return self.beside.turns(self.endpoint())

    def logs(self) -> str:
        """What the candidate wrote, as far as it can be known now."""
        started = self._parts.done("started")
        if started is None:
            return ""
        try:
            text: str = started[1].logs()
        except EngineError as problem:
            return f"[the logs could not be read: {problem}]"
        return text

    def known(self) -> tuple[Candidate | None, str]:
        """The candidate, where it was resolved, and the name of the runtime, where one is open."""
        return self._parts.done("candidate"), "" if self._runtime is None else self._runtime.name

    def close(self) -> None:
        """Remove everything that was started."""
        with self._lock:
            self._closed = True
            runtime, self._runtime = self._runtime, None
        rig = self._parts.done("rig")
        if rig is not None:
            rig.discard()
        with contextlib.ExitStack() as closing:  # all of them, whatever one of them raises
            closing.callback(self.beside.close)
            if runtime is not None:
                closing.callback(runtime.close)

    def _started(self) -> tuple[Startup, Endpoint]:
        return self._parts.get("started", self._start)

    def _resolve(self) -> Candidate:
        return self.runtime.resolve()

    def _start(self) -> tuple[Startup, Endpoint]:
        self.candidate()
        endpoint = self.runtime.start()
        return self._starter.wait(endpoint), endpoint

    def _read_contract(self) -> Contract:
        from harness.contract import Contract

        return Contract.load(self.gate)

    def _compare(self) -> Comparison:
        self._let_it_start()
        served = self.endpoint().base_url if self.gate.accuracy_is_served else None
        beside = self.baseline() if self.gate.accuracy_beside_baseline else None
        baseline = None if beside is None else beside.base_url
        return self.comparing.run(self.gate, served, baseline)

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
        self._parts.let_end("started")

    def _quiet(self) -> None:
        """Wait for what works in the background."""
        self._parts.let_end("comparison", "scan", "read_only")
        self.beside.quiet()

    def _rig(self) -> Rig:
        return self._parts.get("rig", self._stand_by)

    def _stand_by(self) -> Rig:
        """Locust takes a while to load: it can do so while other checks run."""
        from harness.load import Rig

        self._let_it_start()
        return Rig(self.gate, self.endpoint(), self.contract(), self.load_limits, self.place)

    def _load(self) -> Traffic:
        from harness.load import run

        rig = self._rig()
        return run(self.gate, self.endpoint(), self.contract(), self.load_limits, rig)
