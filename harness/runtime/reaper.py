"""Nothing is left behind: labels on what a run starts, its watchdog, and the later clean-up."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from types import FrameType

from harness.errors import EngineError
from harness.processes import exists
from harness.runtime import watchdog
from harness.runtime.engine import local_address
from harness.runtime.watchdog import RUN_LABEL, Thing

_LONGEST_RUN = 24 * 3600  # seconds after which even an unknown machine's leftovers are nobody's
_PATIENCE = 5.0  # seconds to wait for the watchdog's end


class Reaper:
    """Owns the run id. Its watchdog process outlives the gate by the time that cleaning takes."""

    def __init__(self, address: str = "") -> None:
        """Start the watchdog; `address` is the engine's, empty for a run without containers."""
        self.run = uuid.uuid4().hex
        self._address = address
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__, address, self.run, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal is not for it
        )

    def labels(self) -> dict[str, str]:
        """What everything of this run carries, so that it can be found and its gate be known."""
        return {
            RUN_LABEL: self.run,
            "releasegate.pid": str(os.getpid()),
            "releasegate.started": watchdog.start_mark(os.getpid()),
            "releasegate.host": host_mark(),
            "releasegate.created": str(int(time.time())),
        }

    def guard_group(self, group: int) -> None:
        """Have the process group killed if the gate dies."""
        self._tell(f"group {group} {watchdog.start_mark(group) or '-'}")

    def forget_group(self, group: int) -> None:
        """The group has ended; its number may be given to somebody else from now on."""
        self._tell(f"forget {group}")

    def close(self, watch: bool = False) -> None:
        """Remove everything of this run, and let the watchdog go. A second call does nothing.

        `watch`: more may still come, the watchdog is to stay a while and look for it. Raises
        EngineError where something would not go; the watchdog then keeps trying.
        """
        if self._process.stdin is None or self._process.stdin.closed:
            return
        left: list[Thing] = []
        done = False
        try:
            left = self._sweep() if self._address else []
            done = not left and not watch
            if done:
                self._tell("done")
        finally:
            # Without the word "done" the closed pipe is what a dead gate looks like.
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            if done:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_PATIENCE)
        if left:
            names = ", ".join(f"{thing.kind[:-1]} {thing.name}" for thing in left)
            raise EngineError(f"could not be removed: {names}; try `gate clean`")

    def _sweep(self) -> list[Thing]:
        """What is still there after three tries."""
        try:
            for _ in range(3):
                found = watchdog.labelled(self._address, f"{RUN_LABEL}={self.run}")
                gone = watchdog.remove(self._address, found)
                if len(gone) == len(found):
                    return []
            return [thing for thing in found if thing not in gone]
        except OSError as problem:
            raise EngineError(f"the container engine does not answer: {problem}") from None

    def _tell(self, line: str) -> None:
        stdin = self._process.stdin
        with self._lock, contextlib.suppress(OSError, ValueError):
            if stdin is not None:
                stdin.write(line.encode() + b"\n")
                stdin.flush()


def clean() -> list[str]:
    """Remove what runs left behind whose gate is gone; never what belongs to a live one.

    Returns one line for each thing removed. Raises EngineError where no engine answers.
    """
    address = local_address()
    try:
        dead = [t for t in watchdog.labelled(address, RUN_LABEL) if not gate_is_alive(t.labels)]
        gone = watchdog.remove(address, dead)
    except OSError as problem:
        raise EngineError(
            f"the container engine at {address} does not answer: {problem}; nothing was removed"
        ) from None
    return [f"{t.kind[:-1]} {t.name} of run {t.labels.get(RUN_LABEL, '?')}" for t in gone]


def gate_is_alive(labels: dict[str, str]) -> bool:
    """Whether the gate that wrote `labels` may still run; what cannot be known counts as alive."""
    with contextlib.suppress(ValueError):
        if time.time() - float(labels.get("releasegate.created", "")) > _LONGEST_RUN:
            return False
    theirs = labels.get("releasegate.host", "")
    if theirs != host_mark():
        # The same machine after a restart holds no gate of before; another one may.
        node, boot, _ = (theirs.split("/") + ["", "", ""])[:3]
        own_node, own_boot, _ = host_mark().split("/")
        return not (node == own_node and boot != own_boot)
    try:
        pid = int(labels.get("releasegate.pid", ""))
    except ValueError:
        return True
    return exists(pid) and watchdog.start_mark(pid) == labels.get("releasegate.started", "")


def host_mark() -> str:
    """Where process ids mean the same: machine, its boot, and the pid namespace."""
    boot = space = ""
    with contextlib.suppress(OSError):
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        space = os.readlink("/proc/self/ns/pid")
    return f"{platform.node().replace('/', '-')}/{boot}/{space}"


def interrupt_on_sigterm() -> Callable[[], None]:
    """Let SIGTERM unwind the gate like Ctrl-C, so that every `finally` runs; returns the undoing.

    For the main thread only, as all signal handlers.
    """

    def raise_interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not stop the clean-up
        raise KeyboardInterrupt("SIGTERM")

    before = signal.signal(signal.SIGTERM, raise_interrupt)

    def undo() -> None:
        signal.signal(signal.SIGTERM, before)

    return undo
