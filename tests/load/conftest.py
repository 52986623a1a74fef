"""Servers of known behaviour for load runs, each in a process of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from harness.config import Gate, load
from harness.load import Traffic
from harness.load.driving.window import Values, Window
from harness.load.traffic import WarmUp
from harness.model import Exit, Finding, Usage

# An asyncio server with one JSON argument: delay (s), freeze [every, for] (s), status, body,
# raw (sent as it is), close (after each answer), single (one request at a time), shed (503 where so
# many wait), keep (a body that was seen before is answered at once).
_SERVER = r"""
import asyncio, json, sys, time
told = json.loads(sys.argv[1])
begun = time.monotonic()
body = told.get("body", '{"positive": true}').encode()
head = "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n" % (
    told.get("status", 200), len(body), "Connection: close\r\n" if told.get("close") else "")
answer = told["raw"].encode("latin-1") if "raw" in told else head.encode() + body
free_at = 0.0
seen = set()

def due(now):
    global free_at
    start = max(now, free_at) if told.get("single") else now
    end = start + told.get("delay", 0.0)
    if told.get("single"):
        free_at = end
    if "freeze" in told:
        every, lasting = told["freeze"]
        phase = (now - begun) % every
        if phase < lasting:
            end = max(end, now - phase + lasting + told.get("delay", 0.0))
    return end

class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data = transport, b""
    def data_received(self, data):
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, _, rest = self.data.partition(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if len(rest) < length:
                return
            self.data = rest[length:]
            now = time.monotonic()
            if "shed" in told and free_at - now > told["shed"] * told["delay"]:
                self.transport.write(b"HTTP/1.1 503 X\r\nContent-Length: 4\r\n\r\nbusy")
            elif told.get("keep") and rest[:length] in seen:
                self.reply()
            else:
                seen.add(rest[:length])
                asyncio.get_running_loop().call_at(due(now), self.reply)
    def reply(self):
        if told.get("silent"):
            return
        self.transport.write(answer)
        if told.get("close"):
            self.transport.close()

async def main():
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", int(sys.argv[2]))
    print("up", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@dataclass
class Loaded:
    """A running server with the surface of an Endpoint."""

    base_url: str
    process: subprocess.Popen[bytes] | None = None
    memory: int = 50 * 1024 * 1024

    def running(self) -> bool:
        """Whether its process lives; one without a process is somebody else's."""
        return self.process is None or self.process.poll() is None

    def usage(self) -> Usage:
        """The memory that the test gave it."""
        return Usage(at=time.monotonic(), memory_bytes=self.memory, periods=10)

    def exit(self) -> Exit | None:
        """How its process ended."""
        code = None if self.process is None else self.process.poll()
        return None if code is None else Exit(code=code, seconds=0.0)


@dataclass(frozen=True)
class Prepared:
    """One request, as the contract gives it."""

    method: str = "POST"
    path: str = "/predict"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    body: bytes = b'{"text": "fine"}'


@dataclass(frozen=True)
class Promise:
    """A contract of one request, and a rule for its answers."""

    wanted: bytes | None = None
    exchanges: tuple[Any, ...] = ()  # what came back without load

    def requests(self) -> tuple[Prepared, ...]:
        """The corpus."""
        return (Prepared(),)

    def fresh(self, rows: int | None = None, seed: int = 1) -> Iterator[Any]:
        """No others."""
        return iter(())

    def survey(self, base_url: str) -> Promise:
        """What came back when nobody else asked."""
        return self

    def violations(self, answer: Any) -> list[Finding]:
        """A finding for an answer without the wanted text."""
        if self.wanted is None or self.wanted in answer.body:
            return []
        return [Finding("response-schema", "not what was promised", location="$.positive")]


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Loaded]]:
    """Start a server of given behaviour on a free port of 127.0.0.1."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**told: Any) -> Loaded:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, json.dumps(told), str(port)], stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        return Loaded(f"http://127.0.0.1:{port}", process)

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Serve each connection by a function in a greenlet of this process; gives the base URL."""
    from gevent.server import StreamServer

    started: list[Any] = []

    def start(handle: Callable[[Any], None]) -> str:
        server = StreamServer(("127.0.0.1", 0), lambda connection, _: handle(connection))
        server.start()
        started.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in started:
        server.stop(timeout=0)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Gate]:
    """A gate with a [load] of the given keys."""

    def make(locustfile: str | None = None, **keys: Any) -> Gate:
        tmp_path = tmp_path_factory.mktemp("gate")
        lines = [
            'version = 1\n[candidate]\nname = "c"\nurl = "http://127.0.0.1:1"',
            '[contract]\npath = "/predict"\n[load]',
        ]
        lines += [f"{key} = {_toml(value)}" for key, value in keys.items()]
        if locustfile is not None:
            (tmp_path / "locustfile.py").write_text(locustfile, encoding="utf-8")
            lines.append('locustfile = "locustfile.py"')
        path = tmp_path / "gate.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return load(path)

    return make


@pytest.fixture(scope="module")
def promise() -> type[Promise]:
    """The class of small contracts."""
    return Promise


@pytest.fixture
def traffic() -> Callable[..., Traffic]:
    """A load run of ten seconds with given response times in seconds."""

    def make(
        response: Values, rate: float = 100.0, done: int | None = None, **keys: Any
    ) -> Traffic:
        n = len(response)
        no = np.zeros(n, dtype=np.bool_)
        failed = np.isinf(response)
        window = Window(
            start=0.0,
            seconds=10.0,
            planned=np.linspace(0, 9.99, n),
            response=response,
            service=np.where(failed, np.nan, response),
            lateness=np.full(n, 0.0001),
            status=np.where(failed, 0, 200).astype(np.int16),
            unsent=no,
            silent=no,
            queued=no,
            pending=no,
            errors=failed,
            done=n if done is None else done,
        )
        return Traffic(
            rate=rate,
            users=64,
            seed=1,
            confidence=0.95,
            ended_early=False,
            window=window,
            warmup=WarmUp(20, 0, 12.0),
            **keys,
        )

    return make
