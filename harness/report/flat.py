"""A report as one small flat answer for machines: what a canary controller reads of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import Any

from harness.labels import split
from harness.model import CheckResult, JudgedMeasurement, Outcome, Verdict
from harness.report.document import Report
from harness.report.escape import printable
from harness.report.signing import is_digest
from harness.report.summary import sentence

SCHEMA = "releasegate.dev/verdict/v1"
MAX_REASON = 256  # bytes of UTF-8: Flagger puts it into a Kubernetes event
_MAX_LIMITED = 200  # metrics that a limit holds
_ROOM = 1_000  # bytes for the metrics in all; what no limit holds comes only where there is room
_PER_VALUE = 20  # bytes of a value and its signs, about: names alone must settle which are shown
_SAFE = re.compile(r"[a-z][a-z0-9_]{0,119}")
_UNSAFE = re.compile(r"[^a-z0-9_]+")
_RANK = {
    Outcome.FAILED: 0,
    Outcome.ERRORED: 1,
    Outcome.INCONCLUSIVE: 2,
    Outcome.PASSED: 3,
    Outcome.SKIPPED: 4,
    None: 5,
}


def flat(report: Report, report_sha256: str) -> dict[str, Any]:
    """What `GET /v1/gate/{digest}` answers, as far as it depends on the report alone.

    `report_sha256` is the hex digest of the stored bytes. Every number is finite, every key of
    `metrics` is made of `[a-z0-9_]`, and its values are in the units of the report.
    """
    counts = _counts(report)
    return {
        "schema": SCHEMA,
        "verdict": str(report.verdict),
        "pass": {Verdict.PASS: True, Verdict.FAIL: False}.get(report.verdict),
        "score": _score(report, counts),
        "subject_sha256": _subject(report),
        "reason": one_line(report.reasons[0] if report.reasons else sentence(report)),
        "progress": f"{counts['total'] - counts['skipped']}/{counts['total']} checks",
        "checks": counts,
        "metrics": _metrics(report),
        "report_sha256": report_sha256,
        "evaluated_at": stamp(report.finished_at),
    }


def metric_name(family: str, measurement: str) -> str:
    """`load_latency_p99_9` of `load` and `latency_p99.9`: a name that every controller can write.

    `latency_p95{name=predict}` becomes `load_latency_p95_name_predict`. A name that loses more
    than a dot ends on eight digits of its hash, so that two of them stay two.
    """
    try:
        base, labels = split(measurement)
    except ValueError:
        base, labels = measurement, {}
    parts = [family, base, *(part for label in labels.items() for part in label)]
    name = "_".join(parts).replace(".", "_")
    if _SAFE.fullmatch(name):
        return name
    digest = hashlib.sha256(f"{family}.{measurement}".encode()).hexdigest()[:8]
    stem = _UNSAFE.sub("_", name.lower()).strip("_")[:100]
    return f"{stem}_{digest}" if _SAFE.match(stem) else f"m_{stem}_{digest}"


def measured(report: Report) -> dict[str, JudgedMeasurement]:
    """Metric name -> the measurement, those with a limit first; only what has a value.

    Where several checks measured the same, the one that did worst speaks for all of them.
    """
    found: dict[str, JudgedMeasurement] = {}
    for result in report.checks:
        for row in result.measurements:
            name = metric_name(result.family, row.name)
            known = found.get(name)
            if row.value is not None and (known is None or _weight(row) < _weight(known)):
                found[name] = row
    return dict(sorted(found.items(), key=lambda item: item[1].limit is None))


def one_line(text: str, most: int = MAX_REASON) -> str:
    """`text` as one line of at most `most` bytes of UTF-8, without control characters."""
    line = printable(text)
    if len(line.encode("utf-8")) <= most:
        return line
    return line.encode("utf-8")[: most - 3].decode("utf-8", "ignore") + "..."


def stamp(moment: dt.datetime) -> str:
    """`2026-11-21T07:28:04Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _weight(row: JudgedMeasurement) -> tuple[bool, int]:
    return row.limit is None, _RANK[row.outcome]


def _subject(report: Report) -> str | None:
    """The digest that the report is bound to: the manifest's once it was pushed."""
    digest = report.subject.manifest_digest or report.subject.config_digest or ""
    return digest.removeprefix("sha256:") if is_digest(digest) else None


def _counts(report: Report) -> dict[str, int]:
    """The checks that the policy requires, by what became of them."""
    required = [result for result in report.checks if result.required]
    counts = dict.fromkeys(
        ("total", "passed", "failed", "inconclusive", "error", "skipped", "waived"), 0
    )
    counts["total"] = len(required)
    for result in required:
        counts[_kind(report, result)] += 1
    return counts


def _kind(report: Report, result: CheckResult) -> str:
    if report.waiver_of(result) is not None:
        return "waived"
    return "error" if result.outcome is Outcome.ERRORED else str(result.outcome)


def _score(report: Report, counts: dict[str, int]) -> float:
    """0 to 100: the share that passed or is waived, the undecided by half; 100 only for a pass."""
    if report.verdict is Verdict.PASS:
        return 100.0
    points = counts["passed"] + counts["waived"] + counts["inconclusive"] / 2
    share = 100.0 * points / counts["total"] if counts["total"] else 0.0
    return round(min(share, 99.0), 1)


def _metrics(report: Report) -> dict[str, float]:
    """Everything that a limit holds, and of the rest what there is room for."""
    shown: dict[str, float] = {}
    room = _ROOM
    for name, row in measured(report).items():
        room -= len(name) + _PER_VALUE
        if (len(shown) >= _MAX_LIMITED) if row.limit is not None else (room < 0):
            break
        assert row.value is not None  # `measured` leaves those out
        shown[name] = row.value
    return shown
