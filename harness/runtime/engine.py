"""Which container engine is meant, and whether it answers: asked without importing its SDK."""

from __future__ import annotations

import hashlib
import json
import os
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from harness.errors import EngineError
from harness.runtime import watchdog

_DEFAULT = "unix:///var/run/docker.sock"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Whether a container engine answers."""

    available: bool
    detail: str  # one line for people
    version: str | None = None
    podman: bool = False


def address() -> str:
    """Where the engine listens: DOCKER_HOST, else the current context, else a socket that exists.

    Read at every call, because the environment may have changed since the last one.
    """
    return os.environ.get("DOCKER_HOST") or _from_context() or _first_socket()


def local_address() -> str:
    """`address()`, where ports published on 127.0.0.1 can be reached from here.

    Raises EngineError for an engine on another machine.
    """
    found = address()
    parts = urllib.parse.urlsplit(found)
    if parts.scheme == "unix" or parts.hostname in _LOOPBACK:
        return found
    raise EngineError(
        f"the container engine at {found} is on another machine: candidates are published on the "
        "loopback of their own machine only, so run the gate there; expected unix:// or "
        "tcp://127.0.0.1 in DOCKER_HOST"
    )


def engine_status(timeout: float = 3.0) -> EngineStatus:
    """Ask the engine for its version. Never raises; the detail says what is wrong."""
    try:
        where = local_address()
        status, answer = watchdog.request(where, "GET", "/version", timeout)
    except (EngineError, OSError, ValueError) as problem:
        hint = "start it, or point DOCKER_HOST at one"
        text = str(problem) if isinstance(problem, EngineError) else f"{address()}: {problem}"
        return EngineStatus(False, f"no container engine answers at {text}; {hint}")
    if status != 200 or not isinstance(answer, dict):
        return EngineStatus(False, f"{where} answered {status} to /version: not a container engine")
    version = str(answer.get("Version", "unknown"))
    components = answer.get("Components") or []
    podman = any("podman" in str(part.get("Name", "")).lower() for part in components)
    return EngineStatus(
        True, f"{'Podman' if podman else 'Docker'} Engine {version} at {where}", version, podman
    )


def image_digests(reference: str) -> frozenset[str]:
    """Every digest that the engine knows an image by: its configuration's and its manifests'.

    Nothing is pulled. Raises EngineError where no engine answers, or has no such image.
    """
    where = local_address()
    path = f"/images/{urllib.parse.quote(reference, safe='/:@')}/json"
    try:
        status, answer = watchdog.request(where, "GET", path)
    except (OSError, ValueError) as problem:
        raise EngineError(
            f"no container engine answers at {where}: {problem}; start it, or give the digest"
        ) from None
    if status != 200 or not isinstance(answer, dict):
        raise EngineError(
            f"image {reference!r}: not on this machine; pull it, or give its digest: "
            f"{reference}@sha256:..."
        )
    pushed = (str(digest).partition("@")[2] for digest in answer.get("RepoDigests") or [])
    return frozenset([str(answer.get("Id")), *pushed])


def _first_socket() -> str:
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    own = [f"{folder}/docker.sock", f"{folder}/podman/podman.sock"] if folder else []
    found = next((path for path in ["/var/run/docker.sock", *own] if os.path.exists(path)), None)
    return f"unix://{found}" if found else _DEFAULT


def _from_context() -> str:
    """The engine of `docker context use`, as docker's own client finds it; empty for none."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        name = os.environ.get("DOCKER_CONTEXT") or json.loads(
            (folder / "config.json").read_text(encoding="utf-8")
        ).get("currentContext", "default")
        if name == "default":
            return ""
        meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
        described = json.loads((meta / "meta.json").read_text(encoding="utf-8"))
        return str(described["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
