"""A prediction service that misbehaves, as a program: `python misbehaving.py KIND [AFTER]`.

It listens on PORT, or on any, and prints it. The first AFTER requests are answered as a good
service answers them; then every request meets the misbehaviour KIND.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import os
import socket
import struct
import sys
import threading
import time
from functools import cache

_MIB = 1024 * 1024
_SERVED = itertools.count(1)
_FULL = threading.Event()  # nobody is let in any more
_SLOWLY = threading.Event()  # requests are read a byte at a time
_JSON = b"Content-Type: application/json\r\n"


def _reply(value: object, status: int = 200) -> bytes:
    body = json.dumps(value).encode()
    head = b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n" % (status, _JSON, len(body))
    return head + body


def good(method: str, path: str, body: bytes) -> bytes:
    """The answer of a service that keeps its contract: one text in, its tone out."""
    if path == "/health":
        return _reply({"ok": True})
    if path != "/predict":
        return _reply({"error": "no such path"}, 404)
    if method != "POST":
        return _reply({"error": "POST only"}, 405)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _reply({"error": "not JSON"}, 400)
    match value:
        case [str(text)]:
            return _reply({"positive": len(text) % 2 == 0})
    return _reply({"error": "expected one text"}, 400)


@cache
def _bomb() -> bytes:
    return gzip.compress(gzip.compress(b"0" * (100 * _MIB)))


def misbehave(kind: str, conn: socket.socket, answer: bytes) -> None:
    """Do to one connection what KIND is."""
    match kind:
        case "slow":
            time.sleep(9.9)
            conn.sendall(answer)
        case "never":
            conn.recv(1)
        case "drip":
            for byte in answer:
                conn.sendall(bytes([byte]))
                time.sleep(0.5)
        case "endless":
            conn.sendall(b"HTTP/1.1 200 OK\r\n%s\r\n[" % _JSON)
            while True:
                conn.sendall(b'"x",' * 16384)
        case "endless-chunks":
            conn.sendall(b"HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n" % _JSON)
            while True:
                conn.sendall(b"1\r\n[\r\n" * 16384)
        case "heavy":
            body = b"[" + b"{}," * (5 * _MIB) + b"{}]"
            head = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (_JSON, len(body))
            conn.sendall(head + body)
        case "many-violations":
            body = b"[" + b"0.5," * 100_000 + b"0.5]"
            head = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (_JSON, len(body))
            conn.sendall(head + body)
        case "gzip-bomb":
            packed = _bomb()
            head = b"HTTP/1.1 200 OK\r\n%sContent-Encoding: gzip, gzip\r\n" % _JSON
            conn.sendall(head + b"Content-Length: %d\r\n\r\n" % len(packed) + packed)
        case "redirect":
            where = os.environ.get("REDIRECT_TO", "http://192.0.2.1/predict")
            conn.sendall(b"HTTP/1.1 307 X\r\nContent-Length: 0\r\n")
            conn.sendall(f"Location: {where}\r\n\r\n".encode())
        case "headers":
            conn.sendall(b"HTTP/1.1 200 OK\r\n")
            for _ in range(100):
                conn.sendall(b"X-Padding: %s\r\n" % (b"x" * 1000) * 1000)
            conn.sendall(b"\r\n")
        case "closes":
            conn.sendall(answer[: len(answer) - 5])
        case "resets":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        case "unreachable":
            _FULL.set()
        case "late":
            time.sleep(1.0)
            conn.sendall(answer)
        case "slow-reading":
            _SLOWLY.set()
        case "garbage":
            conn.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n")
        case "too-long":
            conn.sendall(answer + b"and more")
        case "bad-chunk":
            head = b"HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n" % _JSON
            conn.sendall(head + b"zz\r\n{}\r\n0\r\n\r\n")
        case "dies":
            os._exit(7)
        case _:
            raise SystemExit(f"no such kind: {kind}")


def _receive(conn: socket.socket) -> bytes:
    if not _SLOWLY.is_set():
        return conn.recv(65536)
    time.sleep(0.05)
    return conn.recv(1)


def _request(conn: socket.socket) -> tuple[str, str, bytes] | None:
    """Method, path and body of the next request, or None where there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = _receive(conn)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    chunked = fields.get("transfer-encoding") == "chunked"
    length = int(fields.get("content-length", "0"))
    while not body.endswith(b"0\r\n\r\n") if chunked else len(body) < length:
        more = _receive(conn)
        if not more:
            return None
        body += more
    method, path, _ = lines[0].split(" ", 2)
    return method, path, _joined(body) if chunked else body


def _joined(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        number = int(size, 16)
        whole += rest[:number]
        body = rest[number + 2 :] if number else b""
    return whole


def _serve(conn: socket.socket, kind: str, after: int) -> None:
    with conn, contextlib.suppress(OSError, ValueError):
        while (request := _request(conn)) is not None:
            answer = good(*request)
            if next(_SERVED) > after:
                misbehave(kind, conn, answer)
                return
            conn.sendall(b"" if request[0] == "HEAD" else answer)


def main(kind: str, after: int) -> None:
    """Serve until killed."""
    backlog = 0 if kind == "unreachable" else 128
    address = ("127.0.0.1", int(os.environ.get("PORT", "0")))
    listener = socket.create_server(address, backlog=backlog)
    print(listener.getsockname()[1], flush=True)
    while not _FULL.is_set():
        conn, _ = listener.accept()
        threading.Thread(target=_serve, args=(conn, kind, after), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
