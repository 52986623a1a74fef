"""The listening socket of a candidate, seen from this machine's kernel: when it was closed.

The engine's proxy accepts connections for a container that listens no more, and then drops them:
from outside, a connection that the kernel refused looks like one that the candidate reset.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_EVERY = 0.002  # seconds between two looks
_LISTEN = b"0A"  # state of a socket in /proc/net/tcp, see proc(5)


@dataclass(frozen=True, slots=True)
class Closed:
    """When the socket was closed: between two looks, in seconds of time.monotonic()."""

    open_until: float
    closed_from: float


class Door:
    """Watches one port of a process's network while the block runs.

    `closed` stays None where the port was never seen open, or never closed.
    """

    def __init__(self, pid: int | None, port: int) -> None:
        """`pid` is one of this machine's, or None: then nothing is seen; `port` is as inside."""
        self._pid = pid
        self._port = port
        self._open, self._seen = False, 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="door")
        self.closed: Closed | None = None

    def __enter__(self) -> Door:
        self._seen = time.monotonic()  # before the block can close it
        self._open = self._pid is not None and listens(self._pid, self._port)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        if self._pid is None or not self._open:
            return
        while not self._over.wait(_EVERY):
            now = time.monotonic()
            if not listens(self._pid, self._port):
                self.closed = Closed(self._seen, time.monotonic())
                return
            self._seen = now


def listens(pid: int, port: int, proc: Path = Path("/proc")) -> bool:
    """Whether a TCP socket listens on `port` in the network of process `pid`; no process, none."""
    wanted = b":%04X" % port
    for name in ("tcp", "tcp6"):
        try:
            lines = (proc / str(pid) / "net" / name).read_bytes().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split(maxsplit=4)
            if len(fields) > 3 and fields[3] == _LISTEN and fields[1].endswith(wanted):
                return True
    return False
