"""Servers of known behaviour on 127.0.0.1, each a process of its own on a core of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.runtime.ports import free_port

CORES = sorted(os.sched_getaffinity(0))
CLIENT, SERVER = CORES[0], CORES[-1]  # the load on one core, what answers it on the other
ANSWER = '{"positive": true, "probabilities": [0.98, 0.02], "model": "sentiment"}'

_NGINX = """worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ default_type application/json; return 200 '{answer}'; }}
  }}
}}
"""

# One JSON argument: mean (s) of exponential delays, or delay (s) with freeze [every, for] (s) or
# rare [every n-th, delay]. Its clock starts at the first request. To be exact it never sleeps: a
# loop that does wakes up at whole milliseconds.
_DELAYS = r"""
import contextlib, heapq, itertools, json, random, select, socket, sys, time, zlib
told = json.loads(sys.argv[2])
body = told["answer"].encode()
answer = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
          % len(body)) + body
chance, begun, count = random.Random(told.get("seed", 1)), None, 0

def due(now):
    global begun, count
    begun, count = begun or now, count + 1
    if "mean" in told:
        return now + chance.expovariate(1 / told["mean"])
    end = now + told["delay"]
    if "freeze" in told:
        every, lasting = told["freeze"]
        phase = (now - begun) % every
        if phase >= every - lasting:
            end += every - phase
    if "rare" in told and count % told["rare"][0] == 0:
        end = now + told["rare"][1]
    return end

def answer_to(body):
    share = zlib.crc32(body) % 99 + 1  # of a hundred: as a model's, it is of the request
    return answer.replace(b"0.98, 0.02", b"0.%02d, 0.%02d" % (share, 100 - share))

def take(conn):
    data = pending.pop(conn, b"") + conn.recv(65536)
    head, end, rest = data.partition(b"\r\n\r\n")
    _, named, length = head.lower().partition(b"\r\ncontent-length:")
    if not end or len(rest) < (int(length.partition(b"\r\n")[0]) if named else 0):
        pending[conn] = data
        return bool(data)
    heapq.heappush(waiting, (due(time.monotonic()), next(number), conn, answer_to(rest)))
    return True

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
poll, open_, pending, waiting, number = select.epoll(), {}, {}, [], itertools.count()
poll.register(listener, select.EPOLLIN)
print("up", flush=True)
while True:
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        _, _, conn, said = heapq.heappop(waiting)
        with contextlib.suppress(OSError):
            conn.sendall(said)
    wait = waiting[0][0] - now if waiting else 1.0
    for descriptor, _ in poll.poll(0 if told.get("exact") else max(0.0, wait)):
        if descriptor == listener.fileno():
            conn, _ = listener.accept()
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            open_[conn.fileno()] = conn
            poll.register(conn, select.EPOLLIN)
            continue
        with contextlib.suppress(OSError):
            if take(open_[descriptor]):
                continue
        poll.unregister(descriptor)
        open_.pop(descriptor).close()
"""


@contextmanager
def nginx() -> Iterator[str]:
    """URL of an nginx that answers every request with `ANSWER`. Raises SystemExit without one."""
    program = shutil.which("nginx")
    if program is None:
        raise SystemExit("nginx is not installed: apt-get install nginx-light")
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        settings = Path(folder) / "nginx.conf"
        text = _NGINX.format(folder=folder, port=port, answer=ANSWER)
        settings.write_text(text, encoding="utf-8")
        os.chmod(folder, 0o755)
        command = ["taskset", "-c", str(SERVER), program, "-c", str(settings), "-g", "daemon off;"]
        with _running(command) as process:
            url = f"http://127.0.0.1:{port}"
            _await(url, process)
            yield url


@contextmanager
def delays(**told: Any) -> Iterator[str]:
    """URL of a server that answers after known delays."""
    port = free_port()
    words = [str(port), json.dumps({"answer": ANSWER, **told})]
    command = ["taskset", "-c", str(SERVER), sys.executable, "-c", _DELAYS, *words]
    with _running(command) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.02)
    raise SystemExit("nginx did not start")
