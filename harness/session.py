"""A pytest session with a gate: from collected items to a verdict."""

from __future__ import annotations

import inspect
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import fixtures
from harness.collect import (
    Collected,
    collect,
    installed_packs,
    rank,
    refuse_idle_baseline,
    turn,
    validate,
)
from harness.conclude import conclude, now
from harness.config import Gate
from harness.errors import CandidateNotReady, ConfigError, GateError
from harness.guard import forget_verdict, no_silent_exit
from harness.judge import judge
from harness.model import LEFT_OUT, CheckResult, Finding, Outcome, Verdict
from harness.results import (
    COLLECTED,
    JUDGED,
    PROPERTY,
    SETUP_SECONDS,
    fixtures_of,
    id_of,
    never_ran,
    pack,
    result_of,
    results_in,
    unpack,
    worse,
)
from harness.run import Run
from harness.runtime import interrupt_on_sigterm
from harness.suggest import did_you_mean
from harness.verdict import EXIT_CODES, EXIT_USAGE, shuts

if TYPE_CHECKING:
    from collections.abc import Generator


class GateSession:
    """The hooks of one session; results are gathered where pytest's controller runs."""

    def __init__(self, config: pytest.Config, gate: Gate) -> None:
        self.config = config
        self.gate = gate
        self.run = Run(gate)
        self.offered: dict[str, pytest.Item] = {}  # every check of every file that was opened
        self.collected: dict[str, Collected] = {}
        self.fallback: dict[str, CheckResult] = {}  # what to say of checks that never reported
        self.results: dict[str, CheckResult] = {}
        self.crashed: dict[str, str] = {}  # id -> what xdist says of the worker that it ended
        self.worker_facts: dict[str, Any] = {}
        self.problem: str | None = None  # why nothing may be started
        self._session: pytest.Session | None = None
        self._started_at = now()
        self._verdict: list[str] = []  # what stands under pytest's own output

    def register(self) -> None:
        """Join the session: hooks, fixtures, installed check packs, and an end on SIGTERM."""
        manager = self.config.pluginmanager
        manager.register(self, "releasegate-session")
        self.config.stash[fixtures.RUN] = self.run
        manager.register(fixtures, "releasegate-fixtures")
        try:
            self.config.args += installed_packs()
        except ConfigError as problem:
            self.problem = str(problem)
        if not self._is_worker:
            self.config.add_cleanup(interrupt_on_sigterm())
            capture = manager.getplugin("capturemanager")
            self.config.add_cleanup(no_silent_exit(capture.suspend_global_capture))
        self.config.add_cleanup(self.run.close)

    @property
    def _is_worker(self) -> bool:
        return hasattr(self.config, "workerinput")

    @property
    def _fail_fast(self) -> bool:
        return bool(self.config.getoption("--gate-fail-fast"))

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Nobody may take an earlier verdict for the one that this run does not come to."""
        self._session = session
        if self._is_worker or self.config.option.collectonly:
            return
        try:
            forget_verdict(self._folder)
        except ConfigError as problem:
            self.problem = str(problem)

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makeitem(self) -> Generator[None, Any, Any]:
        """Note also what a node id, `--last-failed` or a plugin will leave out of the run."""
        made = yield
        found = made if isinstance(made, list) else [made]
        self.offered |= {item.nodeid: item for item in found if isinstance(item, pytest.Function)}
        return made

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A check file that cannot be imported stops the run before anything starts."""
        if report.failed:
            self.problem = f"{report.nodeid}: cannot be collected:\n{report.longreprtext}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Turn items into checks, hold the policy against them, and put them in order."""
        try:
            if self.problem is not None:
                raise ConfigError(self.problem)
            for item in items:
                self._adopt(item)
            self._adopt_left_out({item.nodeid for item in items})
            validate(self.gate, list(self.collected.values()))
            refuse_idle_baseline(self.gate, fixtures_of(items))
            self._select(items)
            self.run.validate()
        except ConfigError as problem:
            self.problem = str(problem)
            if not self._is_worker:
                pytest.exit(self.problem, returncode=EXIT_USAGE)
            items.clear()  # xdist would start a worker that exits anew; the controller is told
        items.sort(key=lambda item: turn(item.stash[COLLECTED], self.gate))

    def _adopt(self, item: pytest.Item) -> None:
        if not isinstance(item, pytest.Function):
            raise ConfigError(f"{item.nodeid}: not a check: expected a function with @check(...)")
        original = getattr(item, "originalname", None) or item.name
        found = collect(self.gate, item.path, item.obj, item.name, original)
        if found.id in self.collected:
            raise ConfigError(f"{item.nodeid}: more than one check is named {found.id!r}")
        item.stash[COLLECTED] = self.collected[found.id] = found
        self.fallback[found.id] = found.result(Outcome.SKIPPED, "not run")
        self.config.addinivalue_line("markers", f"{found.family}: checks of this family")
        item.add_marker(found.family)
        if found.idle:
            item.add_marker(pytest.mark.skip(reason=found.idle))

    def _adopt_left_out(self, chosen: set[str]) -> None:
        """A required family is all of its checks, not those that a command line picked."""
        left_out = [item for nodeid, item in self.offered.items() if nodeid not in chosen]
        for item in left_out:
            self._adopt(item)
        self.pytest_deselected(left_out)

    def _select(self, items: list[pytest.Item]) -> None:
        only = self.config.getoption("--gate-only")
        families = sorted({item.family for item in self.collected.values()})
        for name in only:
            if name not in families:
                known = ", ".join(families)
                raise ConfigError(
                    f"--only {name}: no such family{did_you_mean(name, families)}; known: {known}"
                )
        dropped = [item for item in items if only and item.stash[COLLECTED].family not in only]
        if dropped:
            self.config.hook.pytest_deselected(items=dropped)
            items[:] = [item for item in items if item not in dropped]

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """A check that was left out on request is still owed to the policy: it is skipped."""
        for item in items:
            found = item.stash.get(COLLECTED, None)
            if found is None:  # the collection was given up before this item's turn
                continue
            self.fallback[found.id] = found.result(Outcome.SKIPPED, LEFT_OUT)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start the candidate now: source and image checks run while it does."""
        for found in self.collected.values():
            if found.family == "load":
                self.run.load_limits = {**self.run.load_limits, **found.limits}
        self.run.comparing.attend(self.config, session.items, self._folder)
        if self._is_worker or self.config.option.collectonly or self.problem is not None:
            return
        if any(COLLECTED not in item.stash for item in session.items):
            return  # interrupted while they were collected
        self.run.begin(fixtures_of(session.items))

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Call the check with the fixtures that it names, and judge what it returns."""
        if JUDGED in pyfuncitem.stash:  # a plugin calls it again: what it said before is void
            del pyfuncitem.stash[JUDGED]
        wanted = inspect.signature(pyfuncitem.obj).parameters
        arguments = {name: pyfuncitem.funcargs[name] for name in wanted}
        try:
            judgement = judge(pyfuncitem.stash[COLLECTED].limits, pyfuncitem.obj(**arguments))
        except CandidateNotReady:
            died = self.run.died()
            if not died:
                raise
            judgement = judge({}, Finding("candidate-ended", died))
        pyfuncitem.stash[JUDGED] = judgement
        if judgement.outcome is not Outcome.PASSED:
            pytest.fail(f"{judgement.outcome}: {judgement.reason}", pytrace=False)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the CheckResult into the report, where it also crosses from xdist's workers."""
        report = yield
        if call.when == "setup":
            item.stash[SETUP_SECONDS] = call.duration
        result = result_of(item, call, report)
        if result is not None:
            report.user_properties.append((PROPERTY, pack(result)))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the results; the worst word on a check holds, however often it is called."""
        found = results_in(report)
        for result in found:
            self.results[result.id] = worse(self.results.get(result.id), result)
            policy = self.gate.policy
            ends = self._fail_fast and shuts(result, policy.required, policy.waivers)
            if self._session and ends:
                self._session.shouldfail = f"{result.id} {result.outcome}"
        if report.failed and not found:  # its process died: xdist reports in its place
            self.crashed[id_of(report.nodeid)] = report.longreprtext

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What an xdist worker knew beyond its results."""
        facts = getattr(node, "workeroutput", {}).get(PROPERTY)
        if facts is None:
            return
        self.problem = self.problem or facts["problem"]
        self.worker_facts = self.worker_facts or facts
        for row in facts["fallback"]:
            found = unpack(row)
            self.fallback.setdefault(found.id, found)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Remove everything, decide, write the report, and make the verdict the exit status."""
        facts = self._facts()
        try:
            self.run.close()
        except GateError as problem:  # what was measured stands, and must be told
            print(f"gate: {problem}", file=sys.stderr)
        if self._is_worker:
            fallback = [pack(result) for result in self.fallback.values()]
            output = facts | {"problem": self.problem, "fallback": fallback}
            self.config.workeroutput[PROPERTY] = output  # type: ignore[attr-defined]
            return
        if self.problem is not None:
            session.exitstatus = EXIT_USAGE
            self._verdict = [self.problem] if self.worker_facts else []
            return
        if not self.config.option.collectonly:
            interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
            session.exitstatus = self._finish(self.worker_facts or facts, interrupted)

    @property
    def _folder(self) -> Path:
        """Where the report goes."""
        given = self.config.getoption("--gate-report")
        default = Path(self.config.invocation_params.dir, ".gate", self.gate.candidate.name)
        return default if given is None else Path(given)

    def _facts(self) -> dict[str, Any]:
        candidate, runtime = self.run.known()
        return {
            "candidate": None if candidate is None else asdict(candidate),
            "runtime": runtime,
            "logs": self.run.logs(),
        }

    def _finish(self, facts: dict[str, Any], interrupted: bool) -> int:
        results = [
            self.results.get(name) or never_ran(fallback, interrupted, self.crashed.get(name))
            for name, fallback in self.fallback.items()
        ]
        results.sort(key=lambda result: rank(result.family))
        try:
            report, files, code = conclude(
                self.gate, results, facts, self._started_at, self._folder
            )
        except (GateError, OSError) as problem:
            print(f"gate: the report could not be written: {problem}", file=sys.stderr)
            return EXIT_CODES[Verdict.ERROR]
        self.config.hook.pytest_releasegate_report(report=report, files=files)
        self._verdict = [f"verdict: {report.verdict}", *report.reasons]
        return code

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The verdict and its reasons, under pytest's own output."""
        from harness.report import printable

        if self._verdict:
            terminalreporter.section("release gate")
        for line in self._verdict:
            terminalreporter.write_line(printable(line))
