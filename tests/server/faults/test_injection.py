"""SQL, paths, headers and templates in every place that a request has: text, and nothing more."""

from __future__ import annotations

import hashlib
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import httpx

JSON = {"Content-Type": "application/json"}
Begin = Callable[..., tuple[subprocess.Popen[bytes], httpx.Client]]
PAGES = {
    "/": ("name", "after"),
    "/candidates/{name}": ("policy", "after", "all"),
    "/reports/{id}": (),
    "/compare": ("a", "b"),
    "/search": ("digest", "after"),
    "/environments": (),
    "/login": ("next",),
    "/assets/{name}": (),
    "/{anything}": (),
}
FORMS = ("login", "logout", "v1/runs", "judge", "api/v1/query", "v1/flagger/rollout")
NASTY = (
    "'; DROP TABLE reports; --",
    "' OR '1'='1",
    "x' UNION SELECT secret, secret FROM tokens --",
    '"} or vector(1) #',
    "../../../../../../etc/passwd",
    "..\\..\\..\\etc\\passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "x\r\nX-Injected: 1\r\n\r\n<b>",
    "x\0y",
    "{{7*7}}${7*7}<%= 7*7 %>{% debug %}",
    "${jndi:ldap://127.0.0.1/x}",
    "%00%0d%0aX-Injected:%201",
    "x" * 2_000,
)
TRAPS = ("'; DROP TABLE reports; --", "../../etc/passwd", "%25{{7*7}}_", 'a"b\\c')


def test_no_text_in_any_place_of_a_request_is_more_than_text(
    begin: Begin, tmp_path: Path, make_report: Callable[..., bytes]
) -> None:
    process, client = begin(str(tmp_path / "ledger.sqlite"))
    for name in TRAPS:
        body = make_report(name=name)
        assert client.post("/v1/reports", content=body, headers=JSON).status_code == 201
    before = client.get("/v1/reports").json()
    for part in (*(quote(text, safe="") for text in NASTY), "%00", "%ff%fe", "%ed%a0%80"):
        for path, keys in [*documented(client), *PAGES.items()]:
            harmless(client.get(re.sub(r"\{[a-z]+\}", part, path)))
            asked = "&".join(f"{key}={part}" for key in keys)
            harmless(client.get(re.sub(r"\{[a-z]+\}", "0" * 64, path) + f"?{asked}"))
        for form in FORMS:
            fields = {key: unquote(part) for key in ("query", "token", "next", "digest", "name")}
            harmless(client.post(f"/{form}", data=fields))
            harmless(client.post(f"/{form}", json=fields | {"metadata": fields}))
    assert client.get("/v1/reports").json() == before
    for name in TRAPS:
        told = client.get(f"/v1/candidates/{quote(name, safe='')}/history").json()
        assert (told["name"], len(told["reports"])) == (name, 1)
        found = client.get("/v1/candidates", params={"search": name}).json()["candidates"]
        assert [row["name"] for row in found] == [name]
    assert process.poll() is None
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


def documented(client: httpx.Client) -> list[tuple[str, tuple[str, ...]]]:
    """Paths that can be looked at, each with the names of its query."""
    return [
        (path, tuple(each["name"] for each in get.get("parameters", ()) if each["in"] == "query"))
        for path, operations in client.get("/openapi.json").json()["paths"].items()
        if (get := operations.get("get")) is not None
    ]


def harmless(answer: httpx.Response) -> None:
    """It is an answer of the service, and nothing was carried out."""
    assert answer.status_code < 500, (answer.request.method, answer.url, answer.text)
    assert "x-injected" not in answer.headers
    secret = answer.request.headers["authorization"].removeprefix("Bearer ")
    stored = hashlib.sha256(secret.encode()).digest()
    assert "root:x:" not in answer.text and stored.hex() not in answer.text
    assert str(stored)[2:-1] not in answer.text
    assert not re.search(r"\b49\b", answer.text) or "7*7" not in unquote(str(answer.url))


def test_a_request_that_two_readers_would_read_differently_is_refused(
    begin: Begin, tmp_path: Path
) -> None:
    _, client = begin(str(tmp_path / "ledger.sqlite"))
    token = f"Authorization: {client.headers['authorization']}"
    post = f"POST /v1/runs HTTP/1.1\r\nHost: x\r\n{token}\r\n"
    hidden = "GET /v1/candidates HTTP/1.1\r\nHost: x\r\n\r\n"
    for head in (
        f"{post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        f"{post}Content-Length: 0\r\nContent-Length: {len(hidden)}\r\n\r\n{hidden}",
        f"{post}Content-Length: +2\r\n\r\n{{}}",
        f"{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}",
        f"{post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}",
        f"{post}X: a\rb\r\nContent-Length: 0\r\n\r\n{hidden}",
        f"{post}X: a\0b\r\nContent-Length: 0\r\n\r\n{hidden}",
    ):
        answers = raw(client, head.encode())
        assert answers.startswith(b"HTTP/1.1 4"), head
        assert answers.count(b"HTTP/1.1 ") == 1, head  # what hid behind it was not asked


def test_a_host_header_and_an_absolute_address_lead_nobody_elsewhere(
    begin: Begin, tmp_path: Path
) -> None:
    _, client = begin(str(tmp_path / "ledger.sqlite"))
    token = f"Authorization: {client.headers['authorization']}"
    for target, host in (
        ("/", 'evil"><script>alert(1)</script>'),
        ("http://evil.example/", "x"),
        ("//evil.example/%2e%2e", "x"),
        ("/login?next=//evil.example/", "x"),
        ("/../../../../etc/passwd", "x"),
    ):
        head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{token}\r\nConnection: close\r\n\r\n"
        answer = raw(client, head.encode())
        assert re.match(rb"HTTP/1.1 [24]0", answer), target
        assert b"<script" not in answer and b"\r\nlocation:" not in answer.lower()
        assert b"root:" not in answer


def raw(client: httpx.Client, request: bytes) -> bytes:
    """Everything that comes back until the connection ends."""
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))
