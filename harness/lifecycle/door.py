"""The listening socket of a candidate, seen from this machine's kernel: when it was closed.

The engine's proxy accepts connections for a container that listens no more, and then drops them:
from outside, a connection that the kernel refused looks like one that the candidate reset.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.repeating import Repeating

_EVERY = 0.002  # seconds between two looks
_LISTEN = b"0A"  # state of a socket in /proc/net/tcp, see proc(5)


@dataclass(frozen=True, slots=True)
class Closed:
    """When the socket was closed: between two looks, in seconds of time.monotonic()."""

    open_until: float
    closed_from: float


class Door(Repeating):
    """Watches one port of a process's network while the block runs.

    `closed` stays None where the port was never seen open, or never closed.
    """

    def __init__(self, pid: int | None, port: int) -> None:
        """`pid` is one of this machine's, or None: then nothing is seen; `port` is as inside."""
        self._pid = pid
        self._port = port
        self._open, self._seen = False, 0.0
        super().__init__("door")
        self.closed: Closed | None = None

    def __enter__(self) -> Self:
        self._seen = time.monotonic()  # before the block can close it
        self._open = self._pid is not None and listens(self._pid, self._port)
        return super().__enter__()

    def repeat(self) -> None:
        """Until it is closed."""
        if self._pid is None or not self._open:
            return
        while not self.over.wait(_EVERY):
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
