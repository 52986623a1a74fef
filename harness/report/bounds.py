"""Keeps a report small and made of JSON, whatever a check handed over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.model import CheckResult, Evidence, Finding, JudgedMeasurement, Severity
from harness.report.summary import WEIGHT

MAX_LOGS = 64_000  # characters, of the end
MAX_TEXT = 8_000  # characters of one text
MAX_COMMAND = 64_000  # characters of a command: half of one repeats nothing
MAX_FINDINGS = 200  # of one check
MAX_EVIDENCE = 20  # of one check
_MAX_ITEMS = 5_000  # of one list
_MAX_DEPTH = 8


def bounded(result: CheckResult) -> CheckResult:
    """The result as JSON can hold it; what is left out is said, and never changes its outcome."""
    return replace(
        result,
        id=text(result.id, 500),
        title=text(result.title),
        reason=text(result.reason),
        measurements=tuple(_measurement(row) for row in result.measurements),
        findings=_findings(result.findings),
        evidence=tuple(_evidence(item) for item in result.evidence[:MAX_EVIDENCE]),
        duration_s=_number(result.duration_s) or 0.0,
    )


def text(value: str, limit: int = MAX_TEXT) -> str:
    """`value` as UTF-8 can hold it, its middle left out where it is longer than `limit`."""
    value = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if len(value) <= limit:
        return value
    half = limit // 2
    return f"{value[:half]} [... {len(value) - 2 * half} characters left out ...] {value[-half:]}"


def tail(value: str, limit: int = MAX_LOGS) -> str:
    """The end of a log, which is where the trouble stands."""
    value = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if len(value) <= limit:
        return value
    return f"[... {len(value) - limit} characters left out ...]\n{value[-limit:]}"


def _measurement(row: JudgedMeasurement) -> JudgedMeasurement:
    """With Python's own numbers: numpy's are not JSON."""
    return replace(
        row,
        name=text(row.name, 200),
        unit=text(row.unit, 50),
        limit=None if row.limit is None else text(row.limit, 200),
        value=_number(row.value),
        low=_number(row.low),
        high=_number(row.high),
        n=None if row.n is None else int(row.n),
        about=text(row.about, 200),
        more=None if row.more is None else int(row.more),
    )


def _number(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(value)


def _findings(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The weightiest first where there are too many, and how many more there were."""
    if len(findings) > MAX_FINDINGS:
        kept = sorted(findings, key=lambda item: WEIGHT[item.severity])[:MAX_FINDINGS]
        more = len(findings) - MAX_FINDINGS
        note = Finding("left-out", f"{more} more findings were left out", severity=Severity.INFO)
        findings = (*kept, note)
    return tuple(_finding(item) for item in findings)


def _finding(item: Finding) -> Finding:
    return Finding(
        text(item.rule, 200),
        text(item.message),
        severity=item.severity,
        location=text(item.location, 1_000),
        expected=text(item.expected),
        received=text(item.received),
        reproduce=text(item.reproduce, MAX_COMMAND),
    )


def _evidence(item: Evidence) -> Evidence:
    return Evidence(text(item.kind, 100), text(item.title, 500), plain(item.data, _MAX_DEPTH))


def plain(value: Any, depth: int) -> Any:
    """`value` as JSON: numbers that are not finite become null, what JSON has no word for text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, MAX_LOGS)
    if isinstance(value, Mapping) and depth:
        pairs = list(value.items())[:_MAX_ITEMS]
        return {text(str(key), 500): plain(item, depth - 1) for key, item in pairs}
    if isinstance(value, (list, tuple)) and depth:
        return [plain(item, depth - 1) for item in value[:_MAX_ITEMS]]
    if hasattr(value, "tolist") and depth:  # numpy's arrays and numbers
        return plain(value.tolist(), depth - 1)
    return _scalar(value)


def _scalar(value: Any) -> int | float | str | None:
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, (int, float)):
        try:
            return _number(float(value))
        except OverflowError:
            return None
    return text(str(value))
