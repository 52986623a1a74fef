"""The door to the engine's SDK: whatever goes wrong behind it is the engine's failure."""

from __future__ import annotations

import socket
import threading

import pytest
import requests
import urllib3
from docker import APIClient
from docker.errors import APIError, DockerException

from harness.errors import EngineError
from harness.runtime.docker_client import engine_errors


@pytest.mark.parametrize(
    "problem",
    [
        DockerException("away"),
        APIError("away"),
        requests.ConnectionError("away"),
        urllib3.exceptions.ProtocolError("away"),
        OSError("away"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_every_failure_of_the_sdk_is_the_engines(problem: Exception) -> None:
    with pytest.raises(EngineError, match="^push: .*away"), engine_errors("push"):
        raise problem


def test_an_engine_that_ends_in_the_middle_of_a_stream_is_an_error() -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(head + b'11\r\n{"status":"push"}\r\n')

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        host = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        client = APIClient(base_url=host, version="1.41", timeout=10)
        with pytest.raises(EngineError, match="^push: "), engine_errors("push"):
            list(client.push("reg.example.com/fraud", "1", stream=True, decode=True))
        thread.join()
        client.close()
