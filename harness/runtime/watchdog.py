"""The watchdog: a small process that removes what a run left behind when its gate has died.

It is started as a script, `python -I -S watchdog.py ADDRESS RUN GATE_PID`, and talks to the engine
by plain HTTP, so that starting it costs a few milliseconds: only the standard library, and the
heavier half of that only once the gate is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import http.client

RUN_LABEL = "releasegate.run"
_TIMEOUT = 8.0  # seconds for one request to the engine
_GIVE_UP = 60.0  # seconds that the watchdog keeps trying after its gate has died
_QUIET_ROUNDS = 3  # empty looks in a row: the engine may still be creating what was asked for


@dataclass(frozen=True, slots=True)
class Thing:
    """A container or a network that carries our label."""

    kind: str  # "containers" or "networks", as in the engine's paths
    id: str
    name: str
    labels: dict[str, str] = field(default_factory=dict)


def request(address: str, method: str, path: str, timeout: float = _TIMEOUT) -> tuple[int, Any]:
    """One request to the engine at `address` (`unix://...`, `tcp://...`): status and JSON.

    Raises OSError where no engine answers.
    """
    import http.client

    connection = _connection(address, timeout)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException as problem:
        raise OSError(f"{address}: not an engine: {problem!r}") from None
    finally:
        connection.close()
    try:
        return response.status, json.loads(body) if body else None
    except ValueError:
        return response.status, None


@contextlib.contextmanager
def streamed(address: str, path: str, timeout: float = 60.0) -> Iterator[http.client.HTTPResponse]:
    """A long answer, to be read as a file; `timeout` bounds each pause in it. Raises OSError."""
    import http.client

    connection = _connection(address, timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise OSError(f"{address}: {path} answered {response.status}")
        yield response
    except http.client.HTTPException as problem:
        raise OSError(f"{address}: {path}: {problem!r}") from None
    finally:
        connection.close()


def labelled(address: str, label: str) -> list[Thing]:
    """Containers, then networks, that carry `label` (`key` or `key=value`). Raises OSError."""
    wanted = urllib.parse.quote(json.dumps({"label": [label]}))
    found = []
    for kind, path in (("containers", "/containers/json?all=1&"), ("networks", "/networks?")):
        status, listed = request(address, "GET", f"{path}filters={wanted}")
        if status != 200 or not isinstance(listed, list):
            raise OSError(f"{address}: {path} answered {status}")
        for item in listed:
            name = item.get("Name") or next(iter(item.get("Names") or []), "").lstrip("/")
            found.append(Thing(kind, item["Id"], name or item["Id"][:12], item.get("Labels") or {}))
    return found


def remove(address: str, things: list[Thing]) -> list[Thing]:
    """Remove them, containers side by side and before the networks; those that are gone now."""
    containers = [thing for thing in things if thing.kind == "containers"]
    networks = [thing for thing in things if thing.kind == "networks"]
    gone: list[Thing] = []

    def take(thing: Thing) -> None:
        query = "?force=1&v=1" if thing.kind == "containers" else ""
        with contextlib.suppress(OSError):
            status, _ = request(address, "DELETE", f"/{thing.kind}/{thing.id}{query}")
            if status in (200, 204, 404):
                gone.append(thing)

    _side_by_side([lambda thing=thing: take(thing) for thing in containers])  # type: ignore[misc]
    for thing in networks:
        take(thing)
    return gone


def kill_group(group: int, started: str) -> None:
    """SIGKILL a process group, unless its number has meanwhile been given to somebody else."""
    leader = start_mark(group)
    if leader in ("", started):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def start_mark(pid: int) -> str:
    """When process `pid` started, in ticks since boot; empty where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name, in brackets, may hold anything; field 22 counts from behind it.
            return file.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return ""


def main(address: str, run: str, gate: int) -> None:
    """Wait for the gate's word or for its death, and in the second case clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, str] = {}
    if _listen(gate, groups):
        return
    for group, started in groups.items():
        kill_group(group, started)
    if address:
        _sweep(address, f"{RUN_LABEL}={run}")


def _listen(gate: int, groups: dict[int, str]) -> bool:
    """Read the gate's lines from standard input. True: it said that nothing is left."""
    rest = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.5)
        if not ready:
            # A forked child of the gate may hold the pipe open beyond the gate's death.
            if os.getppid() != gate:
                return False
            continue
        chunk = os.read(0, 4096)
        if not chunk:
            return False
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            word, *numbers = line.decode().split()
            if word == "done":
                return True
            if word == "group":
                groups[int(numbers[0])] = numbers[1]
            elif word == "forget":
                groups.pop(int(numbers[0]), None)


def _sweep(address: str, label: str) -> None:
    ends = time.monotonic() + _GIVE_UP
    quiet = 0
    while quiet < _QUIET_ROUNDS and time.monotonic() < ends:
        try:
            found = labelled(address, label)
        except OSError:
            found, quiet = [], -1  # an engine that restarts says nothing about what is left
        remove(address, found)
        quiet = 0 if found else quiet + 1
        time.sleep(0.2 if found else 1.0)


def _side_by_side(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job, daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _connection(address: str, timeout: float) -> http.client.HTTPConnection:
    import http.client

    scheme, _, rest = address.partition("://")
    if scheme == "unix":
        connection = http.client.HTTPConnection("localhost", timeout=timeout)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        try:
            connection.sock.connect(rest)
        except OSError:
            connection.sock.close()
            raise
        return connection
    if os.environ.get("DOCKER_TLS_VERIFY") or scheme == "https":
        return http.client.HTTPSConnection(rest.rstrip("/"), timeout=timeout, context=_tls())
    return http.client.HTTPConnection(rest.rstrip("/"), timeout=timeout)


def _tls() -> Any:
    import ssl

    folder = os.environ.get("DOCKER_CERT_PATH") or os.path.expanduser("~/.docker")
    context = ssl.create_default_context(cafile=os.path.join(folder, "ca.pem"))
    context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
    return context


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
