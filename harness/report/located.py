"""Findings that belong to a place in the repository: what code scanning shows beside the lines."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.model import CheckResult, Finding, Severity, Waiver
from harness.report import summary
from harness.report.document import Report
from harness.report.escape import printable

_FAMILIES = ("source", "image")  # the others speak of a running service: it has no lines
_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<line>[1-9][0-9]{0,6}))?")


@dataclass(frozen=True, slots=True)
class Located:
    """One finding, its texts fit to be shown, at a file of the repository."""

    check: str
    rule: str
    severity: Severity
    message: str
    path: str  # relative, with slashes; the gate's own file where the finding lies in the image
    line: int
    place: str  # inside the image, as the check called it; empty for the source
    fingerprint: str  # 64 hex digits; the same for the same finding on other lines and days
    closes: bool  # whether its check keeps the gate closed
    waiver: Waiver | None


def located(report: Report) -> list[Located]:
    """Findings of the source and the image, the weightiest first, each with its own fingerprint.

    An image has no file in the repository: its findings stand at the gate.toml that names it.
    """
    seen: Counter[str] = Counter()
    found = []
    for result, finding in sorted(
        _findings(report), key=lambda pair: summary.WEIGHT[pair[1].severity]
    ):
        place = printable(finding.location)
        path, line = _gate(report), 1
        if result.family == "source" and place:
            path, line = _file(place, _folder(report))
            place = ""
        rule = printable(finding.rule) or "unnamed"
        message = printable(finding.message) or rule
        identity = "\n".join((rule, path, place, message))
        seen[identity] += 1
        fingerprint = hashlib.sha256(f"{identity}\n{seen[identity]}".encode()).hexdigest()
        found.append(
            Located(
                printable(result.id),
                rule,
                finding.severity,
                message,
                path,
                line,
                place,
                fingerprint,
                summary.closes(report, result),
                report.waiver_of(result),
            )
        )
    return found


def _findings(report: Report) -> Iterator[tuple[CheckResult, Finding]]:
    for result in report.checks:
        if result.family in _FAMILIES:
            yield from ((result, finding) for finding in result.findings)


def _gate(report: Report) -> str:
    path = printable(report.gate.path or "")
    return _relative(posixpath.basename(path) if path.startswith("/") else path) or "gate.toml"


def _folder(report: Report) -> str:
    """Of the gate.toml, from which checks count; unknown where it lay outside the current one."""
    path = printable(report.gate.path or "")
    return "" if path.startswith("/") else posixpath.dirname(path)


def _file(place: str, folder: str) -> tuple[str, int]:
    """Path and line of `file:line`, the path from where the gate was run."""
    match = _PLACE.fullmatch(place)
    if match is None:
        return "gate.toml", 1
    path = _relative(posixpath.join(folder, match["path"].replace("\\", "/").lstrip("/")))
    return path or "gate.toml", int(match["line"] or 1)


def _relative(path: str) -> str:
    """Without a way up or a root: these tools refuse paths outside the repository."""
    return posixpath.normpath("/" + path.lstrip("/")).lstrip("/")
