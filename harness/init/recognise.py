"""Which protocol a server speaks, told from the paths that its presets name and how they answer.

A path that only one preset has says more than `/health`, which many have: each answer counts by
how few presets would have given it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.contract import Answer, Prepared, send
from harness.contract.openapi import is_document
from harness.contract.protocol.presets import Preset, dialects, known, preset
from harness.contract.signatures import of_server
from harness.contract.wire.strictjson import parse
from harness.errors import ConfigError

_TIMEOUT = 5.0  # seconds for one answer
_LARGEST = 4 * 1024 * 1024
_GENERAL = ("json", "openapi")  # everything speaks them
_LISTS = (("GET", "/v1/models"), ("GET", "/v2/models"), ("POST", "/v2/repository/index"))
_ABSENT = (404, 405, 501)
_MOST_MODELS = 8


@dataclass(frozen=True, slots=True)
class Guess:
    """A protocol that the answers fit, for one model."""

    preset: Preset
    model: str
    score: float
    seen: tuple[str, ...]  # what speaks for it
    path: str = ""  # of the predictions, where the server has it elsewhere than the protocol


@dataclass
class Asked:
    """A server, asked everything once."""

    base_url: str
    _answers: dict[tuple[str, str], Answer] = field(default_factory=dict)

    def get(self, path: str, method: str = "GET", body: bytes = b"") -> Answer:
        """The answer of a path, remembered."""
        key = (method, path)
        if key not in self._answers:
            headers = {"Content-Type": "application/json"} if body else {}
            sent = Prepared(method, path, headers, body)
            self._answers[key] = send(self.base_url, sent, _TIMEOUT, _LARGEST)
        return self._answers[key]

    def value(self, path: str, method: str = "GET", body: bytes = b"") -> Any:
        """The JSON of a 200, else None."""
        answer = self.get(path, method, body)
        if answer.error is not None or answer.status != 200:
            return None
        parsed = parse(answer.body)
        return parsed.value if parsed.readable else None


def guesses(server: Asked, names: Sequence[str]) -> list[Guess]:
    """Protocols that fit, the best first; general ones are left out."""
    models = list(dict.fromkeys([*_listed(server), *names]))[:_MOST_MODELS]
    presets = [preset(name) for name in known() if name not in _GENERAL]
    common = Counter(path for item in presets for path in _paths(item))
    found = [guess for item in presets for guess in _fitting(server, item, models, common)]
    return sorted(found, key=lambda guess: -guess.score)


def starting(server: Asked, names: Sequence[str]) -> bool:
    """Whether some ready path says "not yet"."""
    for name in known():
        item = preset(name)
        for model in names:
            path = item.ready_path(model)
            if path is not None and server.get(path).status in item.not_ready - {404, 500}:
                return True
    return False


def dialect(server: Asked, name: str) -> str | None:
    """The dialect of a protocol whose name the server mentions, or None."""
    said = server.value("/v2")
    told = str(said.get("name", "")) if isinstance(said, dict) else ""
    told += " " + (server.get("/v2").header("server") or "")
    return next((item for item in dialects(name) if item in told.lower()), None)


def _paths(item: Preset) -> set[str]:
    return {item.live, item.ready, item.metadata, item.predict} - {""}


def _fitting(
    server: Asked, item: Preset, models: Sequence[str], common: Counter[str]
) -> Iterator[Guess]:
    for model in models if any("{model}" in path for path in _paths(item)) else models[:1]:
        seen = _evidence(server, item, model)
        if seen is not None:
            score = sum(1 / common[path] for path in seen)
            score += item.ready_when is not None
            filled = tuple(path.replace("{model}", model) for path in seen)
            elsewhere = "" if item.predict in seen else _described_path(server, item, model)
            yield Guess(item, model, score, filled, elsewhere)
            return


def _evidence(server: Asked, item: Preset, model: str) -> list[str] | None:
    """Paths of the preset that answer as it says; None where one of them contradicts it."""
    ready = item.ready_path(model)
    if ready is not None:
        answer = server.get(ready)
        if answer.error is not None or item.unready(answer.status, answer.body):
            return None
    predict = item.predict_path(model)
    seen = [item.ready] if item.ready else []
    if predict and server.get(predict, "POST", b"{}").status not in (*_ABSENT, 0):
        seen.append(item.predict)
    elif predict and not _described_path(server, item, model):
        return None
    live = item.live_path(model)
    if live and item.live not in seen and server.get(live).status == 200:
        seen.append(item.live)
    metadata = item.metadata_path(model)
    if metadata and _is_own(server.value(metadata), metadata):
        seen.append(item.metadata)
    return seen


def _described_path(server: Asked, item: Preset, model: str) -> str:
    """Where the server's own description, if it is no OpenAPI document, has the predictions."""
    path = item.metadata_path(model) or ""
    document = server.value(path) if path else None
    if document is None or is_document(document):
        return ""
    try:
        found = of_server(document, path)
    except ConfigError:
        return ""
    return "" if found is None else found.path


def _is_own(document: Any, path: str) -> bool:
    """Whether it is JSON, and no OpenAPI document: every second service has one of those."""
    if document is None:
        return False
    try:
        return of_server(document, path) is not None or path.count("/") == 1
    except ConfigError:
        return True


def _listed(server: Asked) -> Iterator[str]:
    """Names of models that the server lists."""
    for method, path in _LISTS:
        said = server.value(path, method, b"{}" if method == "POST" else b"")
        listed = said.get("models") if isinstance(said, dict) else said
        for entry in listed if isinstance(listed, list) else ():
            name = entry.get("name") if isinstance(entry, dict) else entry
            if isinstance(name, str) and name:
                yield name
