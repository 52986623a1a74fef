"""A golden file: the contract and the answers of a release, as they were when it was accepted."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.contract.accepted.snapshot import Snapshot
from harness.contract.requests.cases import Case, Claim
from harness.contract.text import shown
from harness.contract.wire.strictjson import parse
from harness.contract.wire.transport import Answer, Prepared
from harness.errors import ConfigError
from harness.files import write_whole
from harness.model import Candidate

SCHEMA_VERSION = "1.0"
MAX_BYTES = 64 * 1024 * 1024
_VERSION = re.compile(r"1\.(0|[1-9][0-9]*)")
_AGAIN = "record it again with `gate record --force`"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request, byte for byte, and the answer that it had."""

    name: str
    prepared: Prepared
    status: int
    content_type: str
    body: bytes

    @property
    def case(self) -> Case:
        """The request as a case that can be asked again."""
        return Case(self.name, self.prepared, Claim.VALID, parse(self.prepared.body).value)

    @property
    def answer(self) -> Answer:
        """The answer as it came."""
        return Answer(self.status, (("content-type", self.content_type),), self.body)


@dataclass(frozen=True, slots=True)
class Golden:
    """What a golden file holds."""

    subject: Candidate
    contract: Snapshot
    corpus: str  # sha256 of the corpus that the requests were taken from
    answers: tuple[Recorded, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)  # request -> why it has no answer

    @property
    def name(self) -> str:
        """The release, as a person names it."""
        digest = (self.subject.config_digest or "").removeprefix("sha256:")[:12]
        return f"{self.subject.reference}{f' ({digest})' if digest else ''}"


def write(golden: Golden, path: Path) -> None:
    """Write a golden file, whole or not at all; one release always gives the same bytes.

    Raises ConfigError where it cannot be written.
    """
    content = {
        "subject": {
            "name": golden.subject.name,
            "reference": golden.subject.reference,
            "config_digest": golden.subject.config_digest,
        },
        "contract": golden.contract.to_json(),
        "corpus": golden.corpus,
        "left_out": dict(golden.left_out),
        "answers": [_dumped(item) for item in golden.answers],
    }
    document = {"schema_version": SCHEMA_VERSION, "sha256": _digest(content), **content}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, _text(document).encode())
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be written: {problem.strerror}") from None


def read(path: Path, protocol: str | None = None) -> Golden:
    """Read a golden file, recorded by `protocol` where one is given.

    Raises ConfigError: no such file, not one of ours, changed since it was written, or recorded
    behind another protocol.
    """
    raw = _document(path)
    content = {key: raw[key] for key in raw if key not in ("schema_version", "sha256")}
    if raw.get("sha256") != _digest(content):
        raise ConfigError(
            f"{path}: was changed after it was recorded: its sha256 differs; {_AGAIN}"
        )
    try:
        golden = _golden(content)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        told = str(problem).partition("\n")[0]
        raise ConfigError(
            f"{path}: no golden file: {type(problem).__name__}: {told}; {_AGAIN}"
        ) from None
    was = golden.contract.protocol
    if protocol is not None and was != protocol:
        raise ConfigError(
            f"{path}: was recorded behind protocol {was!r}, and contract.protocol is "
            f"{protocol!r}: their answers cannot be compared; {_AGAIN}"
        )
    return golden


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES >> 20} MiB: no golden file")
        body = path.read_bytes()
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None
    parsed = parse(body)
    if not parsed.readable or any(problem.severity == "error" for problem in parsed.problems):
        raise ConfigError(f"{path}: {parsed.problems[0].message}; expected a golden file; {_AGAIN}")
    raw = parsed.value
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ConfigError(
            f"{path}: schema_version = {shown(version, 40)}: expected {SCHEMA_VERSION!r}, as "
            "`gate record` writes it"
        )
    found: dict[str, Any] = raw
    return found


def _golden(raw: Mapping[str, Any]) -> Golden:
    subject, answers = raw["subject"], raw["answers"]
    if not isinstance(answers, list) or not answers:
        raise ValueError("it holds no answer")
    return Golden(
        Candidate(str(subject["name"]), str(subject["reference"]), subject["config_digest"]),
        Snapshot.from_json(raw["contract"]),
        str(raw["corpus"]),
        tuple(_recorded(item) for item in answers),
        {str(name): str(why) for name, why in raw["left_out"].items()},
    )


def _dumped(item: Recorded) -> dict[str, Any]:
    sent = item.prepared
    return {
        "name": item.name,
        "request": {
            "method": sent.method,
            "path": sent.path,
            "headers": dict(sorted(sent.headers.items())),
            **({"chunked": True} if sent.chunked else {}),
            **_written(sent.body),
        },
        "answer": {"status": item.status, "content_type": item.content_type, **_written(item.body)},
    }


def _recorded(raw: Mapping[str, Any]) -> Recorded:
    sent, answer = raw["request"], raw["answer"]
    headers = {str(name): str(value) for name, value in sent["headers"].items()}
    way = str(sent["method"]), str(sent["path"]), headers
    prepared = Prepared(*way, _bytes(sent), chunked=bool(sent.get("chunked")))
    kind = str(answer["content_type"])
    return Recorded(str(raw["name"]), prepared, int(answer["status"]), kind, _bytes(answer))


def _written(body: bytes) -> dict[str, str]:
    """Text where it is text, so that a person sees in a review what has changed."""
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


def _bytes(raw: Mapping[str, Any]) -> bytes:
    if "body" in raw:
        return str(raw["body"]).encode("utf-8")
    return base64.b64decode(raw["body_base64"], validate=True)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_compact(content, sort=True).encode()).hexdigest()


def _text(document: Mapping[str, Any]) -> str:
    """One member a line, and one answer a line: differences between two files can be read."""
    lines = []
    for name, value in document.items():
        text = _compact(value)
        if name == "answers":
            text = "[\n" + ",\n".join(_compact(item) for item in value) + "\n]"
        lines.append(f"{json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _compact(value: Any, sort: bool = False) -> str:
    # ASCII alone: unseen characters and lone halves of pairs survive every editor and checkout.
    return json.dumps(value, allow_nan=False, sort_keys=sort)
