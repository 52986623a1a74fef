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
_MOST = {
    ("checks",): 5_000,
    ("policy", "required"): 1_000,
    ("policy", "limits"): 1_000,
    ("policy", "waivers"): 1_000,
}
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
    path = file_of(Path(path))
    content = contents(path)
    try:
        return parse(content)
    except ReportError as problem:
        raise ReportError(f"{path}: {problem}") from None


def file_of(path: Path) -> Path:
    """The report of a folder, or the file itself."""
    return path / "report.json" if path.is_dir() else path


def contents(path: Path) -> bytes:
    """The bytes of a report that nobody has looked at yet. Raises ReportError, naming the file."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ReportError(
            f"{path}: no such file, expected a report.json; `gate run` writes one"
        ) from None
    except OSError as problem:
        raise ReportError(f"{path}: cannot be read: {problem.strerror}") from None
    if len(content) > MAX_BYTES:
        raise ReportError(f"{path}: larger than {MAX_BYTES // 1024**2} MiB, expected a report")
    return content


def parse(content: bytes) -> Report:
    """Validate the bytes of a report. Raises ReportError with the JSON pointer."""
    raw = strict(content)
    _check_version(raw)
    _check_counts(raw)
    try:
        report = Report.model_validate_json(content)
    except ValidationError as invalid:
        raise ReportError(_explain(invalid)) from None
    _check_verdict(report)
    return report


def strict(content: bytes) -> Any:
    """What stands in strict JSON: UTF-8, finite numbers, no key given twice, of bounded depth.

    Raises ReportError with the JSON pointer.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ReportError(f"not UTF-8 text at byte {problem.start}, expected a report") from None
    made: list[_Defect] = []
    raw = _json(text, made)
    if made:
        pointer, why = next(_defects(raw))
        raise ReportError(f"{pointer or '/'}: {why}")
    return raw


def _check_verdict(report: Report) -> None:
    """A verdict that its own checks do not give was written by somebody else.

    That finds a slip of the hand; against a forger there are signatures. What is required is
    part of it: a waiver holds a pass to its last day only where the check is required.
    """
    policy = report.policy
    day = dt.date.fromisoformat(policy.applied_on or report.finished_at.date().isoformat())
    own = decide(report.checks, policy.required, policy.waivers, day, policy.limits)
    if own.verdict is not report.verdict:
        raise ReportError(
            f"/verdict: {str(report.verdict)!r}, but its checks under its policy give "
            f"{str(own.verdict)!r}; was it edited?"
        )
    for index, (result, judged) in enumerate(zip(report.checks, own.results, strict=True)):
        if result.required is not judged.required:
            raise ReportError(
                f"/checks/{index}/required: {str(result.required).lower()}, but its policy gives "
                f"{str(judged.required).lower()}; was it edited?"
            )


def _json(text: str, made: list[_Defect]) -> Any:
    """The parsed tree; whatever strict JSON does not allow is noted in `made` and left in it."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            found[key] = defect(f"the key {key!r} is given twice") if key in found else value
        return found

    def finite(number: str) -> float | _Defect:
        value = float(number)
        return value if math.isfinite(value) else defect(f"{number[:40]} is too large for a number")

    def constant(token: str) -> _Defect:
        return defect(f"{token} is not a number in JSON, expected a finite number")

    def defect(problem: str) -> _Defect:
        made.append(_Defect(problem))
        return made[-1]

    try:
        return json.loads(
            text, object_pairs_hook=unique, parse_constant=constant, parse_float=finite
        )
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise ReportError(f"not JSON at {where}: {problem.msg.lower()}") from None
    except RecursionError:
        raise ReportError("nested too deeply, expected a report") from None
    except ValueError:  # Python refuses to convert an integer of thousands of digits
        raise ReportError("holds a number of too many digits, expected a report") from None


def _defects(raw: Any) -> Iterator[tuple[str, str]]:
    """Pointer and problem of each defect. Of millions of values none is held beside the tree."""
    if isinstance(raw, _Defect):
        yield "", raw.problem
    waiting = [("", _inside(raw))]
    while waiting:
        pointer, items = waiting[-1]
        for key, item in items:
            if isinstance(item, _Defect):
                yield f"{pointer}/{_escaped(str(key))}", item.problem
            elif isinstance(item, dict | list):
                waiting.append((f"{pointer}/{_escaped(str(key))}", _inside(item)))
                break
        else:
            waiting.pop()


def _inside(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    return iter(enumerate(value if isinstance(value, list) else ()))


def _check_counts(raw: dict[str, Any]) -> None:
    """Each check is held against each name of the policy: of both there is an end."""
    for (*parents, name), most in _MOST.items():
        holder: Any = raw
        for parent in parents:
            holder = holder.get(parent)
        found = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(found, dict | list) and len(found) > most:
            pointer = "/".join(("", *parents, name))
            raise ReportError(f"{pointer}: {len(found)} entries, expected at most {most}")


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
