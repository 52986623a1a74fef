"""The floor: what the load generator measures of a server that does nothing, on the same way."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from harness.config import Gate
from harness.load.errors import LoadError
from harness.load.planned import arrivals

if TYPE_CHECKING:
    from harness.load.driving.driver import Driver
    from harness.load.driving.window import Values

_TIGHT = 0.05  # seconds: no machine that can hold a container has a floor of half of that
_RATE = 3000.0
_SECONDS = 0.15
_SEED = 1
_UP_WITHIN = 5.0
_SERVER = r"""
import asyncio, socket, sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

class Null(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data = transport, b""
    def data_received(self, data):
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, _, rest = self.data.partition(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                           if line.startswith(b"content-length:")), 0)
            if len(rest) < length:
                return
            self.data = rest[length:]
            self.transport.write(ANSWER)

async def main():
    listening = socket.socket(fileno=int(sys.argv[1]))
    await asyncio.get_running_loop().create_server(Null, sock=listening)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


def matters(tightest: float | None) -> bool:
    """Whether a tightest latency limit, in seconds, could be near any machine's floor."""
    return tightest is not None and tightest <= _TIGHT


def measure(driver: Driver, url: str) -> Values:
    """Response times of a moment of answers that cost nothing, seconds from the plan, shape (n,).

    `url` is that of a `server`. Raises LoadError where nothing answers.
    """
    schedule = arrivals.schedule(_RATE, _SECONDS, seed=_SEED)
    phase = driver.open(schedule, target=url, spun=False)
    answered = phase.tickets[phase.tickets["status"] == 200]
    if len(answered) < len(schedule) / 2:
        raise LoadError(
            f"the floor could not be measured: {len(answered)} of {len(schedule)} requests to a "
            "server of our own were answered"
        )
    return np.asarray(answered["sent"] - answered["planned"] + answered["service"])


@contextlib.contextmanager
def server(gate: Gate) -> Iterator[str]:
    """A server that does nothing, in a process of its own; the address at which it is reached.

    Where the candidate is a container, the engine's own forwarder stands before the server, as it
    stands before the candidate. Raises LoadError where that does not start.
    """
    contained = gate.candidate.command is None and gate.candidate.url is None
    with contextlib.ExitStack() as ending:
        port = ending.enter_context(_null())
        proxy = shutil.which("docker-proxy") if contained else None
        if proxy is not None:
            port = ending.enter_context(_forwarded(proxy, port))
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def _null() -> Iterator[int]:
    """Who connects before the process is up waits at its socket: nobody has to wait here."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        # It ends with its standard input, hence with us.
        command = [sys.executable, "-c", _SERVER, str(listening.fileno())]
        kept = (listening.fileno(),)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=kept)
    with process:
        try:
            yield port
        finally:
            process.kill()


@contextlib.contextmanager
def _forwarded(proxy: str, behind: int) -> Iterator[int]:
    """The engine's forwarder from a free port to another one."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    ends = ["-host-ip", "127.0.0.1", "-host-port", str(port)]
    ends += ["-container-ip", "127.0.0.1", "-container-port", str(behind)]
    # It tells the engine on descriptor 3 that it listens, and ends where there is none. By
    # itself it would outlive us: the shell waits for the end of its input, however we come to ours.
    script = '"$@" 3>/dev/null & read -r _; kill $!'
    command = ["sh", "-c", script, "sh", proxy, "-proto", "tcp", *ends]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet):
        _await(port)
        yield port


def _await(port: int) -> None:
    deadline = time.monotonic() + _UP_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1.0).close()
            return
        time.sleep(0.01)
    raise LoadError(f"the engine's docker-proxy did not listen within {_UP_WITHIN:g} s")
