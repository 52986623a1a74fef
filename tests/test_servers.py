"""The real servers: each preset predicts on its own, and reports the flaws that are written down.

`tests/servers/<name>` holds what a user would have: a Dockerfile, a model, gate.toml. Beside them
stand `transcript.toml`, what the server says to good and bad requests, and `flaws.toml`, the errors
that the gate must report, each with a curl line that shows it without the gate.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).parent.parent
SERVERS = Path(__file__).parent / "servers"
NAMES = ["azureml", "bentoml", "kserve", "litserve", "mlflow", "mlserver"]
GATES = sorted(path.relative_to(SERVERS).as_posix() for path in SERVERS.glob("*/gate*.toml"))
EXPLORE = "contract.explore"  # sends what no run has sent before
ASIDE = shutil.ignore_patterns(".gate")
SECONDS = 240  # a gate that takes longer hangs
READY = 60.0  # seconds until a server answers at all
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FRACTION = re.compile(r"\d+\.\d+(?:[eE][-+]?\d+)?")


class Strict(BaseModel):
    """A table of a file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ask(Strict):
    """One request of a transcript, and what came back."""

    name: str
    request: str  # "POST /predict"
    headers: dict[str, str] | None = None  # by default JSON where there is a body
    body: str | None = None
    body_base64: str | None = None
    chunked: bool = False
    status: int
    type: str  # content type, "" where there is none
    answer: str

    def sent(self) -> bytes | None:
        """The bytes of the body."""
        if self.body_base64 is not None:
            return base64.b64decode(self.body_base64)
        return None if self.body is None else self.body.encode()


class Flaw(Strict):
    """An error that the gate must report, because it is there."""

    check: str  # "contract.invalid_requests"
    rule: str
    what: str  # what is sent
    why: str  # whose promise it breaks
    curl: str  # shows it; $URL is where the server is
    status: int
    answer: str  # a regular expression that what comes back begins with


def asks(name: str) -> list[Ask]:
    """Raises ValueError for a transcript that is none."""
    raw = tomllib.loads((SERVERS / name / "transcript.toml").read_text(encoding="utf-8"))
    return [Ask.model_validate(row) for row in raw["ask"]]


def flaws(gate: str) -> list[Flaw]:
    """The flaws that belong to a gate file. Raises ValueError where one is not well written."""
    path = (SERVERS / gate).with_name(Path(gate).name.replace("gate", "flaws", 1))
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return [Flaw.model_validate(row) for row in raw.get("flaw", [])]


@pytest.fixture(scope="session")
def images(engine: None, request: pytest.FixtureRequest) -> None:
    """The six images, built where they are missing or their files have changed."""
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        subprocess.run([sys.executable, str(SERVERS / "build.py")], check=True)


@contextlib.contextmanager
def serving(name: str) -> Iterator[tuple[str, int]]:
    """The server in a container of its own while the block runs: host and port."""
    import docker

    gate = tomllib.loads((SERVERS / name / "gate.toml").read_text(encoding="utf-8"))
    ports: Any = {"8080/tcp": ("127.0.0.1", None)}  # on loopback alone, wherever it is free
    with contextlib.closing(docker.from_env()) as client:
        container = client.containers.run(
            gate["candidate"]["image"],
            detach=True,
            mem_limit="1g",
            pids_limit=256,
            cap_drop=["ALL"],
            ports=ports,
        )
        try:
            container.reload()
            port = int(container.attrs["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"])
            await_ready("127.0.0.1", port, asks(name)[0])
            yield "127.0.0.1", port
        finally:
            container.remove(force=True, v=True)


def await_ready(host: str, port: int, ask: Ask) -> None:
    """Wait for the answer that the transcript begins with. Raises AssertionError."""
    ends = time.monotonic() + READY
    while time.monotonic() < ends:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if send(host, port, ask)[0] == ask.status:
                return
        time.sleep(0.1)
    raise AssertionError(f"{ask.request} did not answer {ask.status} within {READY:g} s")


def send(host: str, port: int, ask: Ask) -> tuple[int, str, str]:
    """Status, content type and body of what came back."""
    body = ask.sent()
    ours = {"Content-Type": "application/json"} if body is not None else {}
    headers = ours if ask.headers is None else ask.headers
    method, path = ask.request.split(" ", 1)
    with contextlib.closing(http.client.HTTPConnection(host, port, timeout=30)) as connection:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for key, value in headers.items():
            connection.putheader(key, value)
        if ask.chunked:
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            connection.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body or b""), body or b""))
        else:
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return answer.status, answer.getheader("Content-Type") or "", text


def plain(text: str) -> str:
    """The text without what differs between processes and processors."""
    return FRACTION.sub(lambda found: f"{float(found[0]):.6g}", UUID.sub("UUID", text))


def differs(ask: Ask, came: tuple[int, str, str]) -> str:
    """How what came back differs from the transcript; "" where it does not."""
    said, got = plain(ask.answer), plain(came[2])
    if ask.answer.endswith("..."):
        said = said.removesuffix("...")
        said = said[: len(said) - 20]  # the cut may go through a number
        got = got[: len(said)]
    if (ask.status, ask.type, said) == (*came[:2], got):
        return ""
    return f"{ask.name}: {came}, expected {ask.status} {ask.type} {ask.answer}"


def run(gate: Path, out: Path) -> dict[str, Any]:
    """The report of the gate, run as a user runs it on the two families."""
    command = [sys.executable, "-m", "harness", "run", str(gate), "--report", str(out), "--quiet"]
    command += ["--only", "contract", "--only", "behaviour"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    path = out / "report.json"
    if not path.is_file():
        raise AssertionError(
            f"exit code {done.returncode} and no report:\n{(done.stdout + done.stderr)[-3000:]}"
        )
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def errors(report: dict[str, Any]) -> dict[tuple[str, str], str]:
    """(check, rule) -> message of every error that the gate reports."""
    return {
        (check["id"], finding["rule"]): f"{finding['message']}\n    {finding['reproduce']}"
        for check in report["checks"]
        for finding in check["findings"]
        if finding["severity"] == "error"
    }


def answers(report: dict[str, Any]) -> float:
    """How many valid requests were answered."""
    checks = {check["id"]: check["measurements"] for check in report["checks"]}
    found = {row["name"]: float(row["value"]) for row in checks["contract.response"]}
    return found["answers"]


def documented(gate: str, flaw: Flaw) -> str:
    """The row of docs/protocols.md."""
    file = f"[{Path(gate).parent.name}](../tests/servers/{gate})"
    return f"| {file} | {flaw.what} | {flaw.status} | `{flaw.rule}` | {flaw.why} | `{flaw.curl}` |"


def test_every_server_has_a_gate_a_transcript_and_its_flaws_written_down() -> None:
    assert sorted({Path(gate).parent.name for gate in GATES}) == NAMES
    for gate in GATES:
        flaws(gate)
    for name in NAMES:
        assert len({ask.name for ask in asks(name)}) == len(asks(name)) >= 30, name


def test_every_flaw_stands_in_the_documentation_and_no_other() -> None:
    text = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
    written = [documented(gate, flaw) for gate in GATES for flaw in flaws(gate)]

    assert [line for line in text.splitlines() if "](../tests/servers/" in line] == written


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_server_says_what_its_transcript_says(name: str, images: None) -> None:
    with serving(name) as (host, port):
        problems = [differs(ask, send(host, port, ask)) for ask in asks(name)]

    assert [problem for problem in problems if problem] == []


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("gate", GATES)
def test_each_flaw_written_down_is_there_without_the_gate(
    gate: str, tmp_path: Path, images: None
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on PATH, and the reproductions are curl lines")
    (tmp_path / ".curlrc").write_text('silent\nmax-time = 30\nwrite-out = "\\n%{http_code}"\n')
    problems = []
    with serving(Path(gate).parent.name) as (host, port):
        where = {**os.environ, "URL": f"http://{host}:{port}", "CURL_HOME": str(tmp_path)}
        for flaw in flaws(gate):
            done = subprocess.run(
                ["bash", "-c", flaw.curl], env=where, capture_output=True, check=False
            )
            answer, _, status = done.stdout.decode("utf-8", "replace").rpartition("\n")
            if status != str(flaw.status) or not re.match(flaw.answer, answer):
                problems.append(f"{flaw.check} {flaw.rule} {flaw.what}: {status} {answer[:300]}")

    assert problems == []


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("gate", GATES)
def test_the_gate_predicts_and_reports_the_flaws_that_are_there_and_no_other(
    gate: str, tmp_path: Path, images: None
) -> None:
    written = {(flaw.check, flaw.rule) for flaw in flaws(gate)}

    # In a folder of its own, as what exploring finds is kept beside gate.toml.
    shutil.copytree(SERVERS / Path(gate).parent, tmp_path / "project", ignore=ASIDE)
    report = run(tmp_path / "project" / Path(gate).name, tmp_path / "out")

    # What the time allows to explore differs between machines: no new kind of flaw, at any rate.
    told = errors(report)
    explored = {
        key for key in told if key[0] == EXPLORE and key[1] in {rule for _, rule in written}
    }
    found = set(told) - explored
    assert [f"{key}: {told[key]}" for key in sorted(found - written)] == []
    assert sorted(written - found) == []
    assert answers(report) > 0
    outcomes = {check["id"]: check["outcome"] for check in report["checks"]}
    broken = {key for key, value in outcomes.items() if value not in ("passed", "skipped")}
    assert broken - {EXPLORE} == {check for check, _ in written}
    assert outcomes.get(EXPLORE, "passed") in ("passed", "failed")
