"""One run of one tool on one service: what it found, in how many requests and seconds."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.runtime.ports import free_port
from tests.gallery.faulty_services import SCRIPTS, SERVICES, Fault, put
from tests.gallery.shared import ROOT, write_gate

SERVERS = ROOT / "tests" / "servers"
FAMILIES = ("contract", "behaviour")
VERSION = "4.32.5"  # of schemathesis
_SECONDS = 300  # a tool that takes longer hangs
_COUNTED = Path(__file__).with_name("counted.py")
_NO_EXPLORING = "0 s"


@dataclass(frozen=True, slots=True)
class Shot:
    """One run."""

    code: int  # exit status of the tool: 0 nothing, 1 something is wrong
    seconds: float  # wall time of the tool from start to end
    requests: int  # that the service got
    told: tuple[str, ...] = ()  # check and rule of each error finding, of the gate


@contextlib.contextmanager
def serving(protocol: str, fault: Fault | None) -> Iterator[tuple[Path, str, Path]]:
    """A service in a process of its own: its gate.toml, its URL, and the count of its requests."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        url, log = f"http://127.0.0.1:{port}", Path(folder, "requests")
        gate = put(protocol, Path(folder, "services"), fault, command=None, url=url)
        script = gate.parent.parent / SCRIPTS[protocol]
        command = [sys.executable, "-B", str(_COUNTED), str(log), str(script), str(port)]
        with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as service:
            try:
                _await(port, service)
                yield gate, url, log
            finally:
                service.kill()


def _await(port: int, service: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and service.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.connect()
            connection.close()
            return
        time.sleep(0.02)
    raise SystemExit(f"the service on port {port} did not start")


def gate_on_service(
    protocol: str,
    fault: Fault | None = None,
    *,
    seed: int = 1,
    explore: str = _NO_EXPLORING,
    to_the_end: bool = False,
) -> Shot:
    """The gate on a service of the gallery; it stops where it has found something, or goes on."""
    with serving(protocol, fault) as (gate, _, log):
        write_gate(gate.parent, {"contract": {"seed": seed, "explore": explore}})
        first = _gate(gate, log, *([] if to_the_end else ["--fail-fast"]))
        if to_the_end or first.code in (0, 1):
            return first
        whole = _gate(gate, log)  # it stopped at a doubt: only the rest can tell
        return replace(whole, seconds=first.seconds + whole.seconds)


def gate_on_server(gate: str, *, seed: int = 1, explore: str = _NO_EXPLORING) -> Shot:
    """The gate on a real server of `tests/servers`, in its container."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "server")
        shutil.copytree((SERVERS / gate).parent, copy)
        shutil.copy(SERVERS / gate, copy / "gate.toml")
        layer = {"contract": {"seed": seed, "explore": explore}}
        return _gate(write_gate(copy, layer), Path(folder, "none"))


def expected(gate: str) -> set[str]:
    """Check and rule of the flaws that are written down for a real server.

    New requests may meet the same flaw once more.
    """
    path = (SERVERS / gate).with_name(Path(gate).name.replace("gate", "flaws", 1))
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    found = {(flaw["check"], flaw["rule"]) for flaw in raw.get("flaw", [])}
    return {f"{at} {rule}" for check, rule in found for at in (check, "contract.explore")}


def _gate(gate: Path, log: Path, *options: str) -> Shot:
    out = gate.parent / "out"
    only = [word for family in FAMILIES for word in ("--only", family)]
    command = [sys.executable, "-m", "harness", "run", str(gate), "--report", str(out), "--quiet"]
    began = time.monotonic()
    done = _run([*command, *only, *options])
    seconds = time.monotonic() - began
    report = out / "report.json"
    if not report.is_file():
        raise SystemExit(f"no report of {gate}:\n{done.stdout}{done.stderr}")
    checks = json.loads(report.read_text(encoding="utf-8"))["checks"]
    return Shot(done.returncode, seconds, _counted(log), tuple(_told(checks)))


def _told(checks: list[dict[str, Any]]) -> Iterator[str]:
    for check in checks:
        rules = [row["rule"] for row in check["findings"] if row["severity"] == "error"]
        if not rules and check["outcome"] not in ("passed", "skipped"):
            rules = [check["outcome"]]
        yield from (f"{check['id']} {rule}" for rule in dict.fromkeys(rules))


def schemathesis_on_service(
    tool: Path, protocol: str, fault: Fault | None = None, *, seed: int = 1
) -> Shot:
    """Schemathesis on a service, with the OpenAPI document written for it.

    It stops at its first failure and does not shrink it, as that is quickest; all else is as it
    comes: every phase, every check.
    """
    with serving(protocol, fault) as (gate, url, log):
        document = SERVICES / protocol / "openapi.json"
        command = [str(tool), "run", str(document), "--url", url, "--seed", str(seed)]
        command += ["--max-failures", "1", "--no-shrink", "--generation-database", "none"]
        began = time.monotonic()
        done = _run(command, gate.parent)
        return Shot(done.returncode, time.monotonic() - began, _counted(log))


def schemathesis() -> Path:
    """Its command, in an environment of its own under .gate; made where it is missing."""
    folder = ROOT / ".gate" / f"schemathesis-{VERSION}"
    tool = folder / "bin" / "st"
    if not tool.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(folder / "bin" / "pip"), "install", "--quiet", f"schemathesis=={VERSION}"]
        subprocess.run(install, check=True)
    return tool


def _run(command: list[str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=_SECONDS, check=False
    )


def _counted(log: Path) -> int:
    return log.stat().st_size if log.is_file() else 0


def available(gate: Path) -> bool:
    """Whether an engine answers and has the image of a real server's gate."""
    import docker

    image = tomllib.loads(gate.read_text(encoding="utf-8"))["candidate"]["image"]
    try:
        with contextlib.closing(docker.from_env()) as client:
            client.images.get(image)
    except docker.errors.DockerException:
        return False
    return True
