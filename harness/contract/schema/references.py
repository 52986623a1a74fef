"""Schemas in files that refer to files beside them; nothing is ever fetched over a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from harness.contract.wire.strictjson import parse
from harness.errors import ConfigError
from harness.model import Severity

HINT = "$ref may point into the same file or to files below its folder"


class Refused(ValueError):
    """A reference that is not followed, and why."""


def read_json(path: Path) -> Any:
    """The value in a file of strict JSON. Raises ConfigError."""
    try:
        body = path.read_bytes()
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None
    parsed = parse(body)
    if not parsed.readable or any(p.severity is Severity.ERROR for p in parsed.problems):
        raise ConfigError(f"{path}: {parsed.problems[0].message}; expected a JSON Schema")
    return parsed.value


class Library:
    """The files that one schema may refer to: those below its own folder."""

    def __init__(self, document: Any, path: Path | None = None) -> None:
        """Without a `path` there is no file to refer to."""
        self._path = path.resolve() if path is not None else None
        self.base_uri = self._path.as_uri() if self._path is not None else ""
        named = document.get("$id") if isinstance(document, dict) else None
        # Siblings of a schema that calls itself https://... are named beside it, and lie beside it.
        self._named = named.partition("#")[0] if isinstance(named, str) else ""
        self._read: dict[str, Any] = {}

    def retrieve(self, uri: str) -> Any:
        """The schema in the file that `uri` names. Raises Refused."""
        plain = uri.partition("#")[0]
        if plain not in self._read:
            self._read[plain] = self._open(plain)
        return self._read[plain]

    def _open(self, uri: str) -> Any:
        path = self._file(uri)
        try:
            document = read_json(path)
        except ConfigError as problem:
            raise Refused(str(problem)) from None
        from jsonschema_rs import ReferencingError, ValidationError, meta

        try:
            meta.validate(document)
        except (ValidationError, ReferencingError) as problem:
            where = "".join(f"/{part}" for part in getattr(problem, "instance_path", ()))
            message = str(problem).partition("\n")[0]
            raise Refused(f"{path}: not a JSON Schema at #{where}: {message}") from None
        return document

    def _file(self, uri: str) -> Path:
        if self._path is None:
            raise Refused(f"{uri!r} is not fetched")
        folder = self._path.parent
        beside = urljoin(self._named, ".") if "://" in self._named else ""
        if beside and uri.startswith(beside):
            target = folder / unquote(uri[len(beside) :])
        elif urlsplit(uri).scheme == "file":
            target = Path(unquote(urlsplit(uri).path))
        else:
            raise Refused(f"{uri!r} is not fetched")
        found = target.resolve()  # symbolic links lead out of folders too
        if not found.is_relative_to(folder):
            raise Refused(f"{uri!r} is outside of {folder}")
        return found
