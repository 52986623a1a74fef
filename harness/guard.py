"""Against ways in which a run could end with somebody else's exit code or verdict."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from harness.errors import ConfigError
from harness.model import Verdict
from harness.verdict import EXIT_CODES


def no_silent_exit(uncapture: Callable[[], object]) -> Callable[[], None]:
    """Let `os._exit` in this process end with the code of an error; returns the undoing.

    It leaves without unwinding: with status 0, which a shell reads as a pass, although nothing
    was decided. Processes forked from here leave as they like. `uncapture` opens the way to the
    terminal.
    """
    owner, leave = os.getpid(), os._exit

    def refuse(status: int) -> NoReturn:
        if os.getpid() == owner:
            uncapture()
            print(f"gate: a check called os._exit({status}); no verdict", file=sys.stderr)
            sys.stderr.flush()
            status = EXIT_CODES[Verdict.ERROR]
        leave(status)

    def undo() -> None:
        os._exit = leave

    os._exit = refuse
    return undo


def forget_verdict(folder: Path) -> None:
    """Remove the report of an earlier run: if this one is killed, it must not be read as its own.

    Raises ConfigError where the folder can take no report.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"report folder {folder}: is a file, expected a folder")
        (folder / "report.json").unlink(missing_ok=True)
    except OSError as problem:
        raise ConfigError(f"report folder {folder}: {problem}") from None


def speak_to_nobody() -> None:
    """Whoever read standard output is gone: what is still said must not end us with their code."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
