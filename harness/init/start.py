"""The service that `gate init` looks at: an image that it starts, or a URL that answers already."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness import temporary
from harness.config import load
from harness.contract import Prepared, send
from harness.errors import CandidateNotReady, ConfigError
from harness.init import toml
from harness.runtime import Endpoint, Runtime, open_runtime, wait_ready

WITHIN = 60.0  # seconds from the start to the first answer
_SHORT = 2.0


@dataclass(frozen=True, slots=True)
class Service:
    """What runs, and how gate.toml names it."""

    base_url: str
    candidate: dict[str, Any]  # the table [candidate]
    models: tuple[str, ...]  # names that its model may have
    started: str  # one line on how it came up


@contextmanager
def service(target: str, port: int | None, name: str | None) -> Iterator[Service]:
    """The running service while the block runs.

    Raises ConfigError where a port or a name has to be given, EngineError, and CandidateNotReady
    where nothing answers.
    """
    candidate: dict[str, Any] = {"name": name or named(target)}
    if _is_url(target):
        candidate["url"] = target.rstrip("/")
        with _runtime(candidate) as runtime:
            yield _answering(runtime.start(), candidate, (candidate["name"],))
        return
    candidate["image"] = target
    with _runtime(candidate) as runtime:
        runtime.resolve()
        image = runtime.image()
        config = {} if image is None else image.config
    candidate["port"] = port or _port(target, config)
    with _runtime(candidate) as runtime:
        yield _answering(runtime.start(), candidate, (candidate["name"], *_models(config)))


def named(target: str) -> str:
    """A name for gate.toml: that of the image, or of the host."""
    if _is_url(target):
        host = urlsplit(target).hostname or ""
        base = "service" if re.fullmatch(r"[\d.:]*|localhost", host) else host.split(".")[0]
    else:
        base = target.rpartition("/")[2].partition("@")[0].partition(":")[0]
    name = re.sub(r"[^a-z0-9._-]+", "-", base.lower()).strip("._-")
    return name or "service"


def _is_url(target: str) -> bool:
    return target.startswith(("http://", "https://"))


@contextmanager
def _runtime(candidate: dict[str, Any]) -> Iterator[Runtime]:
    with temporary.folder() as folder:
        path = Path(folder) / "gate.toml"
        text = toml.dumps({"version": 1, "candidate": candidate, "contract": {"path": "/"}})
        path.write_text(text, encoding="utf-8")
        runtime = open_runtime(load(path))
        try:
            yield runtime
        finally:
            runtime.close()


def _port(target: str, config: dict[str, Any]) -> int:
    exposed = sorted(
        int(port.partition("/")[0])
        for port in config.get("ExposedPorts") or {}
        if port.endswith("/tcp") or "/" not in port
    )
    if len(exposed) == 1:
        return exposed[0]
    shown = ", ".join(map(str, exposed)) or "none"
    raise ConfigError(f"{target}: give --port; the image exposes {shown}")


def _models(config: dict[str, Any]) -> list[str]:
    """What the image's environment calls its model: MODEL_NAME, MLSERVER_MODEL_NAME."""
    pairs = (entry.partition("=") for entry in config.get("Env") or ())
    return [value for key, _, value in pairs if key.endswith("MODEL_NAME") and value]


def _answering(endpoint: Endpoint, candidate: dict[str, Any], models: tuple[str, ...]) -> Service:
    def probe(base_url: str) -> str:
        answer = send(base_url, Prepared("GET", "/"), _SHORT)
        return (answer.error or "no answer") if not answer.status else ""

    startup = wait_ready(endpoint, None, WITHIN, probe)
    if not startup.ready:
        hint = f"; {startup.hint}" if startup.hint else ""
        raise CandidateNotReady(f"the service never answered: {startup.reason}{hint}")
    how = "answers" if "url" in candidate else f"started, answered after {startup.seconds:.1f} s"
    return Service(endpoint.base_url, candidate, models, how)
