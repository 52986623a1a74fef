"""What `gate run` prints while it works: one line a check, and the report at the end."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.conclude import shown
from harness.config import Gate
from harness.guard import speak_to_nobody
from harness.model import CheckResult, Outcome, Verdict
from harness.verdict import EXIT_CODES, EXIT_USAGE

if TYPE_CHECKING:
    from rich.status import Status

    from harness.report import Report

_MARKS = {
    Outcome.PASSED: ("ok", "green"),
    Outcome.FAILED: ("FAIL", "bold red"),
    Outcome.INCONCLUSIVE: ("open", "yellow"),
    Outcome.ERRORED: ("ERROR", "magenta"),
    Outcome.SKIPPED: ("skip", "dim"),
}
_WIDTH = 120  # of a log file, as of the table at the end


class Progress:
    """A pytest plugin in the place of pytest's own terminal reporter."""

    def __init__(self, gate: Gate, *, quiet: bool) -> None:
        from rich.console import Console

        self._gate = gate
        self._quiet = quiet
        width = None if sys.stdout.isatty() else _WIDTH
        self._console = Console(highlight=False, markup=False, width=width)
        self._outside = os.dup(1)  # what pytest's capture does not redirect
        # Rich would end the process with 1, which is the code of a failed candidate.
        self._console.on_broken_pipe = self._mute  # type: ignore[method-assign]
        self._status: Status | None = None
        self._began = time.monotonic()
        self._interrupted = self._muted = False
        self._report: Report | None = None
        self._files: dict[str, Path] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say what is about to happen."""
        from harness.report import printable
        from harness.results import COLLECTED

        if self._quiet or any(COLLECTED not in item.stash for item in session.items):
            return
        policy = self._gate.policy.name
        candidate = self._gate.candidate
        self._console.print(
            f"gate {printable(candidate.name)}: {len(session.items)} checks under policy "
            f"{policy!r} ({printable(shown(self._gate.path))})",
            soft_wrap=True,
        )
        if candidate.command is not None:
            self._console.print(
                "the candidate runs as a local process: no sandbox is around it, and there is no "
                "image to look into"
            )
        if self._console.is_terminal:
            self._status = self._console.status("starting")
            self._status.start()

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """On a terminal: what is running now."""
        if self._status is not None:
            self._status.update(f"{location[2]}  ({time.monotonic() - self._began:.0f} s)")

    def pytest_releasegate_said(self, text: str) -> None:
        """One line at once, past pytest's capture of the check that runs meanwhile."""
        from harness.report import printable

        if self._quiet:
            return
        clear = "\r\x1b[2K" if self._console.is_terminal else ""
        with contextlib.suppress(OSError):  # nobody reads on: the console will notice
            os.write(self._outside, f"{clear}{printable(text)}\n".encode())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for a check that has its result."""
        from harness.results import results_in

        for result in results_in(report):
            self._line(result)

    def _line(self, result: CheckResult) -> None:
        from rich.text import Text

        from harness.report import printable

        if self._quiet:
            return
        word, style = _MARKS[result.outcome]
        line = Text.assemble(
            (f"{word:>5}", style),
            f"  {result.id:<28} {result.duration_s:>6.2f} s",
            (f"  {printable(result.reason)}" if result.reason else "", "dim"),
        )
        self._console.print(line, no_wrap=True, overflow="ellipsis", soft_wrap=False)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Usage errors and Ctrl-C come this way; pytest's terminal would have printed them."""
        self._stop()
        if isinstance(excinfo.value, pytest.exit.Exception):
            print(f"gate: {excinfo.value.msg}", file=sys.stderr)
        else:
            self._interrupted = True
            print("gate: interrupted", file=sys.stderr)

    def pytest_internalerror(self, excrepr: object) -> None:
        """A defect of ours: never silent."""
        self._stop()
        print(f"gate: internal error\n{excrepr}", file=sys.stderr)

    def pytest_releasegate_report(self, report: Report, files: dict[str, Path]) -> None:
        """Keep the report until pytest is done."""
        self._report, self._files = report, files

    def finish(self, code: int) -> int:
        """Print the report; the exit code is its verdict's, whatever pytest says.

        Without a report there is no verdict: wrong usage stays 2, all else is an error.
        """
        from harness.report import show

        self._stop()
        outside, self._outside = self._outside, -1  # a check that was given up may speak yet
        os.close(outside)
        if self._report is None:
            refused = code == EXIT_USAGE and not self._interrupted  # pytest says 2 for both
            return EXIT_USAGE if refused else EXIT_CODES[Verdict.ERROR]
        if self._muted:  # pytest has put the broken pipe back in its place
            speak_to_nobody()
        try:
            show(self._report, html=self._files.get("html"), quiet=self._quiet)
        except BrokenPipeError:
            self._mute()
        return EXIT_CODES[self._report.verdict]

    def _mute(self) -> None:
        """Nobody reads on, as with `gate run | head`: the run goes on for its exit code."""
        self._muted = self._quiet = True
        self._status = None
        speak_to_nobody()

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
