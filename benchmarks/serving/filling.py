"""Ledgers of many reports, written in bulk; each is a true report with its own digest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from harness.ledger import Ledger, intake, open_ledger
from harness.ledger.tables import contents, heads, reports

PER_CANDIDATE = 1_000  # reports of one candidate: what a page of history shows
POLICY = "policy"
_KINDS = 64  # different reports, of which the others differ in digests and times
_PORTION = 5_000  # reports of one transaction
_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_STEP = dt.timedelta(seconds=20)
_MEASURES = {
    "load": (
        "latency_p50",
        "latency_p95",
        "latency_p99",
        "throughput",
        "error_rate",
        "memory_peak",
    ),
    "accuracy": ("drop", "agreement", "worst_slice_drop"),
    "startup": ("time_to_ready", "cold_start"),
    "image": ("size",),
}
_DIGEST, _TIME, _NAME = "0" * 64, "2001-01-01T00:00:00Z", "candidate-000000"


def digest_of(number: int) -> str:
    """The config digest of a report, by its place."""
    return "sha256:" + hashlib.sha256(str(number).encode()).hexdigest()


def name_of(number: int) -> str:
    """The candidate of a report, by its place."""
    return f"candidate-{number // PER_CANDIDATE:06d}"


def filled(folder: Path, count: int) -> Path:
    """The file of a ledger with so many reports; made where it is not there yet."""
    path = folder / f"ledger-{count}.sqlite"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.unlink(missing_ok=True)
    ledger = open_ledger(str(half))
    for start in range(0, count, _PORTION):
        _write(ledger, range(start, min(count, start + _PORTION)))
    ledger.close()
    half.rename(path)
    return path


def body_of(number: int, name: str = "", digest: str = "") -> bytes:
    """The bytes of one report."""
    text = _text(number % _KINDS).replace(_TIME, _moment(number).isoformat())
    text = text.replace(_NAME, name or name_of(number))
    return text.replace("sha256:" + _DIGEST, digest or digest_of(number)).encode()


def _write(ledger: Ledger, numbers: range) -> None:
    made = [_rows(number) for number in numbers]
    with ledger.writing() as connection:
        connection.execute(insert(reports), [report for report, _ in made])
        connection.execute(insert(contents), [content for _, content in made])
        last = [row for row, _ in made if row["number"] % PER_CANDIDATE == 0]
        if last:  # the newest of each candidate
            names = heads.c.keys()
            connection.execute(insert(heads), [{n: row[n] for n in names} for row in last])


def _rows(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    kind, body = _kind(number % _KINDS), body_of(number)
    key, digest = hashlib.sha256(body).hexdigest(), digest_of(number)
    finished = _moment(number)
    row = {
        **kind.report,
        "number": number + 1,
        "id": key,
        "name": name_of(number),
        "config_digest": digest,
        "started_at": finished,
        "finished_at": finished,
        "stored_at": finished,
        "size": len(body),
    }
    answer = json.loads(kind.content["answer"])
    answer |= {"subject_sha256": digest[7:], "report_sha256": key, "evaluated_at": _stamp(finished)}
    shown = json.dumps(answer, separators=(",", ":")).encode()
    content = {**kind.content, "number": number + 1, "answer": shown}
    return row, {**content, "body": zlib.compress(body, 1)}


_KNOWN: dict[int, intake.Rows] = {}


def _kind(which: int) -> intake.Rows:
    if which not in _KNOWN:
        now = dt.datetime.now(dt.UTC)
        body = _text(which).encode()
        _KNOWN[which] = intake.rows(body, publisher="benchmark", signed_by="", now=now)
    return _KNOWN[which]


def _moment(number: int) -> dt.datetime:
    return _START + number * _STEP


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(which: int) -> str:
    """A small report of one kind; one in sixteen has failed."""
    chance, failed = random.Random(which), which % 16 == 15
    checks = list(_checks(chance, failed))
    return json.dumps(
        {
            "schema_version": "1.0",
            "verdict": "fail" if failed else "pass",
            "reasons": ["load.latency_p99: too slow"] if failed else [],
            "subject": {"name": _NAME, "reference": "r:1", "config_digest": "sha256:" + _DIGEST},
            "policy": {
                "name": POLICY,
                "digest": "sha256:" + "1" * 64,
                "confidence": 0.95,
                "required": list(_MEASURES),
            },
            "gate": {"digest": "sha256:" + "2" * 64},
            "checks": checks,
            "started_at": _TIME,
            "finished_at": _TIME,
            "tool": {"name": "releasegate", "version": "0"},
        }
    )


def _checks(chance: random.Random, failed: bool) -> Iterator[dict[str, Any]]:
    for family, measures in _MEASURES.items():
        for measure in measures:
            bad = failed and measure == "latency_p99"
            outcome = "failed" if bad else "passed"
            value = round(chance.uniform(120, 200) if bad else chance.uniform(10, 90), 3)
            row = {"name": measure, "value": value, "unit": "ms", "low": value - 1}
            row |= {"high": value + 1, "n": 2000, "limit": "<= 100 ms", "outcome": outcome}
            yield {
                "id": f"{family}.{measure}",
                "version": 1,
                "title": "One of many.",
                "outcome": outcome,
                "reason": "too slow" if bad else "",
                "required": True,
                "measurements": [row],
            }
