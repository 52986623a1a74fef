"""A real registry, a proxy before it in which things happen, a small image, and its report."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import http.client
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.config import Policy
from harness.model import Candidate, CheckResult, JudgedMeasurement, Outcome, Waiver
from harness.report import build, to_json
from harness.runtime.ports import free_port
from harness.verdict import decide

USER, PASSWORD = "ci", "open-sesame"
_HASHED = "$2b$04$abcdefghijklmnopqrstuuXcjcm5avyCiJoD2uS24xa2lb6fjMB3G"  # of PASSWORD
_PATIENCE = 20.0
_INDEX = "application/vnd.oci.image.index.v1+json"
_ACCEPT = (
    f"{_INDEX}, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}

Hook = Callable[[str, str], object]
Starting = Callable[..., tuple[str, Callable[[], None]]]


@pytest.fixture(scope="session")
def starting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starting]:
    """`starting(auth="", storage="")` starts a registry; its `host:port`, and what stops it."""
    if shutil.which("docker-registry") is None:
        what = "docker-registry is not installed: .ci/packages installs it"
        if os.environ.get("GATE_REQUIRE_ENGINE") == "1":
            pytest.fail(f"GATE_REQUIRE_ENGINE=1, but {what}")
        pytest.skip(what)
    processes: list[subprocess.Popen[bytes]] = []

    def start(auth: str = "", storage: str = "") -> tuple[str, Callable[[], None]]:
        folder, port = tmp_path_factory.mktemp("registry"), free_port()
        config = folder / "config.yml"
        config.write_text(
            "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}{storage}}}\n"
            f"http: {{addr: '127.0.0.1:{port}', secret: tests}}\n{auth}",
            encoding="utf-8",
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                ["docker-registry", "serve", str(config)], stdout=log, stderr=log
            )
        processes.append(process)
        _wait(port, folder / "log", process)

        def stop() -> None:
            process.kill()
            process.wait()

        return f"127.0.0.1:{port}", stop

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def registry(starting: Starting) -> str:
    """`host:port` of a registry that lets everybody in."""
    return starting()[0]


@pytest.fixture
def front(registry: str) -> Iterator[Callable[[Hook], str]]:
    """`front(hook)`: `host:port` of a proxy before the registry.

    The hook is called with method and path of each request that is ours and not the engine's. It
    may do something, and return None (the request goes on), headers to be added to the registry's
    answer, bytes (an index) or a number (a status) to be answered instead, or raise
    ConnectionError: then the connection is closed without a word.
    """
    servers: list[ThreadingHTTPServer] = []

    def start(hook: Hook) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", free_port()), _forwarding(registry, hook))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def locked(starting: Starting, tmp_path_factory: pytest.TempPathFactory) -> str:
    """`host:port` of a registry that wants a name and a password."""
    path = tmp_path_factory.mktemp("locked") / "htpasswd"
    path.write_text(f"{USER}:{_HASHED}\n", encoding="utf-8")
    return starting(f"auth: {{htpasswd: {{realm: tests, path: {path}}}}}\n")[0]


@pytest.fixture(scope="session")
def tokened(starting: Starting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a registry that wants a token of the authority that runs beside it."""
    key, certificate = _authority()
    path = tmp_path_factory.mktemp("tokened") / "authority.pem"
    path.write_bytes(certificate[0])
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), _granting(key, certificate[1]))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    realm = f"http://127.0.0.1:{server.server_port}/token?kept=yes"
    yield starting(
        f"auth: {{token: {{realm: '{realm}', service: tests, issuer: tests, "
        f"rootcertbundle: {path}}}}}\n"
    )[0]
    server.shutdown()
    server.server_close()


@pytest.fixture
def logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`logged_in(host)`: docker's configuration knows us there, by a password or a token."""

    def write(host: str, password: str = PASSWORD, identity: str = "") -> None:
        pair = base64.b64encode(f"{USER}:{password}".encode()).decode()
        entry = {"identitytoken": identity} if identity else {"auth": pair}
        folder = tmp_path / "docker"
        folder.mkdir()
        config = json.dumps({"auths": {host: entry}})
        (folder / "config.json").write_text(config, encoding="utf-8")
        monkeypatch.setenv("DOCKER_CONFIG", str(folder))

    return write


@pytest.fixture(scope="session")
def images(engine: None) -> Iterator[tuple[str, str]]:
    """The ids of two images that were never pushed: the tested one and another."""
    import docker

    client: Any = docker.from_env()
    built = tuple(_built(client, uuid.uuid4().hex) for _ in range(2))
    yield built[0], built[1]
    for image in built:
        with contextlib.suppress(docker.errors.ImageNotFound):
            client.api.remove_image(image, force=True)
    client.close()


@pytest.fixture
def report_of(tmp_path: Path) -> Callable[..., Path]:
    """`report_of(image)` writes a report of that image that passed just now, or as is said."""

    def write(
        image: str | None,
        outcome: Outcome = Outcome.PASSED,
        age: dt.timedelta = dt.timedelta(hours=1),
        waived_until: dt.date | None = None,
    ) -> Path:
        finished = dt.datetime.now(dt.UTC) - age
        until = waived_until and Waiver("startup.ready", "OPS-212", waived_until.isoformat())
        policy = Policy("prd", 0.95, ("startup",), {}, (until,) if until else ())
        check = CheckResult(
            "startup.ready",
            1,
            "The candidate starts",
            outcome,
            "" if outcome is Outcome.PASSED else "it was slow",
            measurements=(JudgedMeasurement("requests", 1.0),),
        )
        report = build(
            decide([check], policy.required, policy.waivers, finished.date(), policy.limits),
            candidate=Candidate("fraud", "fraud:1", image, None, "linux/amd64"),
            policy=policy,
            gate_digest="sha256:" + "ab" * 32,
            environment={},
            started_at=finished - dt.timedelta(minutes=1),
            finished_at=finished,
        )
        path = tmp_path / "report.json"
        path.write_text(to_json(report), encoding="utf-8")
        return path

    return write


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A private key and its public one, in PEM."""
    from cryptography.hazmat.primitives import serialization as pem
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    private, public = tmp_path / "gate.pem", tmp_path / "gate.pub"
    private.write_bytes(
        key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


@pytest.fixture
def ask() -> Callable[..., tuple[int, bytes]]:
    """`ask(host, method, path, body=b"", kind="")` asks a registry as anybody would."""

    def asked(
        host: str, method: str, path: str, body: bytes = b"", kind: str = ""
    ) -> tuple[int, bytes]:
        headers = {"Accept": _ACCEPT} | ({"Content-Type": kind} if kind else {})
        for _ in range(2):
            status, where, answer = _asked(host, method, path, body, headers)
            if status != 202:
                break
            parts = urllib.parse.urlsplit(where)  # an upload goes on at another place
            digest = hashlib.sha256(body).hexdigest()
            method, path = "PUT", f"{parts.path}?{parts.query}&digest=sha256:{digest}"
        return status, answer

    return asked


def _asked(
    host: str, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection(host, timeout=_PATIENCE)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.headers.get("Location", ""), response.read()
    finally:
        connection.close()


def _wait(port: int, log: Path, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError):
            _asked(f"127.0.0.1:{port}", "GET", "/v2/", b"", {})
            return
        time.sleep(0.05)
    pytest.fail(f"docker-registry does not answer: {log.read_text(encoding='utf-8')[-2000:]}")


def _built(client: Any, content: str) -> str:
    """Build an image of nothing but one file."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        dockerfile = b'FROM scratch\nCOPY model.txt /model.txt\nCMD ["/model.txt"]\n'
        for name, data in (("Dockerfile", dockerfile), ("model.txt", content.encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    lines = client.api.build(
        fileobj=io.BytesIO(context.getvalue()), custom_context=True, decode=True, rm=True
    )
    ids = [line["aux"]["ID"] for line in lines if "ID" in line.get("aux", {})]
    return str(ids[-1])


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Send all of it."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        """What was sent, in whichever of the two ways."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        pieces = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def pass_on(self, host: str, body: bytes, more: dict[str, str]) -> None:
        """Ask `host` the same, and give its answer, with more headers."""
        connection = http.client.HTTPConnection(host, timeout=_PATIENCE)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        try:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            kept = {k: v for k, v in response.headers.items() if k.lower() not in _HOP}
            if self.command == "HEAD":
                kept["Content-Length"] = response.headers.get("Content-Length", "0")
            self.answer(response.status, response.read(), {**kept, **more})
        finally:
            connection.close()


def _forwarding(registry: str, hook: Hook) -> type[_Quiet]:
    class Forwarding(_Quiet):
        def _forward(self) -> None:
            body = self.body()
            ours = self.headers.get("User-Agent", "").startswith("releasegate")
            try:
                said = hook(self.command, self.path) if ours else None
            except ConnectionError:
                self.close_connection = True
                return
            if isinstance(said, int):
                self.answer(said, b"", {})
            elif isinstance(said, bytes):
                self.answer(200, said, {"Content-Type": _INDEX})
            else:
                self.pass_on(registry, body, said if isinstance(said, dict) else {})

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward

    return Forwarding


def _granting(key: Any, certificate: str) -> type[_Quiet]:
    """An authority for those who know the password, or hold the refresh token `refresh-me`."""
    allowed = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Granting(_Quiet):
        def do_GET(self) -> None:
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
            known = self.headers.get("Authorization") == allowed and query.get("kept") == "yes"
            self._grant(query, "token", known)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            form = dict(urllib.parse.parse_qsl(body.decode()))
            self._grant(form, "access_token", form.get("refresh_token") == "refresh-me")

        def _grant(self, asked: dict[str, str], name: str, known: bool) -> None:
            if not known:
                self.answer(401, b"{}", {})
                return
            kind, repository, actions = asked["scope"].split(":")
            access = [{"type": kind, "name": repository, "actions": actions.split(",")}]
            token = _token(key, certificate, asked["service"], access)
            self.answer(200, json.dumps({name: token}).encode(), {})

    return Granting


def _authority() -> tuple[Any, tuple[bytes, str]]:
    """A key, and its certificate in PEM and as tokens carry it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    der = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return key, (certificate.public_bytes(Encoding.PEM), der)


def _token(key: Any, certificate: str, service: str, access: list[dict[str, Any]]) -> str:
    """A JSON Web Token as the registry takes it."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    now = int(time.time())
    head = {"typ": "JWT", "alg": "RS256", "x5c": [certificate]}
    claims = {
        "iss": "tests",
        "sub": USER,
        "aud": service,
        "iat": now - 5,
        "nbf": now - 5,
        "exp": now + 300,
        "jti": uuid.uuid4().hex,
        "access": access,
    }
    signed = b".".join(_coded(json.dumps(part).encode()) for part in (head, claims))
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return (signed + b"." + _coded(signature)).decode()


def _coded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
