"""Reading a report that anybody may have written: strict JSON, bounded, every mistake located."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import ReportError
from harness.report.document import SCHEMA_VERSION, Report
from harness.verdict import decide

MAX_BYTES = 64 * 1024 * 1024
_MAJOR = SCHEMA_VERSION.partition(".")[0]
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True)
class _Defect:
    """Stands in the parsed tree where JSON was left: found again with its pointer."""

    problem: str


def read(path: str | Path) -> Report:
    """Read and validate a report.json, or the one in a folder.

    Raises ReportError, which names the file and the JSON pointer: for a file that is missing,
    larger than 64 MiB, not UTF-8, not strict JSON (NaN, keys given twice), not a report, or
    of another major version.
    """
    path = Path(path)
    path = path / "report.json" if path.is_dir() else path
    try:
        return parse(_bytes(path))
    except ReportError as problem:
        raise ReportError(f"{path}: {problem}") from None


def parse(content: bytes) -> Report:
    """Validate the bytes of a report. Raises ReportError with the JSON pointer."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ReportError(f"not UTF-8 text at byte {problem.start}, expected a report") from None
    raw = _json(text)
    for pointer, defect in _defects(raw):
        raise ReportError(f"{pointer or '/'}: {defect}")
    _check_version(raw)
    try:
        report = Report.model_validate_json(text)
    except ValidationError as invalid:
        raise ReportError(_explain(invalid)) from None
    _check_verdict(report)
    return report


def _check_verdict(report: Report) -> None:
    """A verdict that its own checks do not give was written by somebody else.

    That finds a slip of the hand; against a forger there are signatures.
    """
    policy = report.policy
    day = dt.date.fromisoformat(policy.applied_on or report.finished_at.date().isoformat())
    own = decide(report.checks, policy.required, policy.waivers, day, policy.limits).verdict
    if own is not report.verdict:
        raise ReportError(
            f"/verdict: {str(report.verdict)!r}, but its checks under its policy give "
            f"{str(own)!r}; was it edited?"
        )


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ReportError("no such file, expected a report.json; `gate run` writes one") from None
    except OSError as problem:
        raise ReportError(f"cannot be read: {problem.strerror}") from None
    if len(content) > MAX_BYTES:
        raise ReportError(f"larger than {MAX_BYTES // 1024**2} MiB, expected a report")
    return content


def _json(text: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite
        )
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise ReportError(f"not JSON at {where}: {problem.msg.lower()}") from None
    except RecursionError:
        raise ReportError("nested too deeply, expected a report") from None
    except ValueError:  # Python refuses to convert an integer of thousands of digits
        raise ReportError("holds a number of too many digits, expected a report") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = _Defect(f"the key {key!r} is given twice") if key in found else value
    return found


def _constant(token: str) -> _Defect:
    return _Defect(f"{token} is not a number in JSON, expected a finite number")


def _finite(text: str) -> float | _Defect:
    value = float(text)
    return value if math.isfinite(value) else _Defect(f"{text[:40]} is too large for a number")


def _defects(raw: Any) -> Iterator[tuple[str, str]]:
    """Pointer and problem of whatever strict JSON does not allow."""
    waiting = [("", raw)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, _Defect):
            yield pointer, value.problem
        elif isinstance(value, dict):
            waiting.extend((f"{pointer}/{_escaped(key)}", item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{pointer}/{index}", item) for index, item in enumerate(value))


def _check_version(raw: Any) -> None:
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        received = "nothing" if version is None else repr(version)[:40]
        raise ReportError(
            f"/schema_version: not a report of Releasegate: received {received}, "
            f"expected one like {SCHEMA_VERSION!r}"
        )
    if match[1] != _MAJOR:
        newer = int(match[1]) > int(_MAJOR)
        raise ReportError(
            f"/schema_version: report version {version} is {'newer' if newer else 'older'} than "
            f"this Releasegate understands ({_MAJOR}.x); "
            + ("upgrade it" if newer else "write the report again with `gate run`")
        )


def _explain(invalid: ValidationError) -> str:
    """The first mistake as a sentence, and how many more there are."""
    errors = invalid.errors(include_url=False, include_context=False)
    first = errors[0]
    pointer = "".join(f"/{_escaped(str(part))}" for part in first["loc"])
    received = "" if first["type"] == "missing" else f", received {repr(first['input'])[:60]}"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    message = first["msg"][:1].lower() + first["msg"][1:]
    return f"{pointer or '/'}: {message}{received}{more}"


def _escaped(key: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
