"""The end of a run: results and facts in, a written report and its exit code out."""

from __future__ import annotations

import datetime as dt
import os
import platform
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import cpuinfo
from harness.config import Gate
from harness.model import Candidate, CheckResult
from harness.verdict import EXIT_CODES, decide

if TYPE_CHECKING:
    from harness.report import Report

_PACKAGES = (
    "pytest",
    "hypothesis",
    "locust",
    "onnxruntime",
    "ai-edge-litert",
    "tensorflow",
    "numpy",
)


def conclude(
    gate: Gate,
    results: Sequence[CheckResult],
    facts: dict[str, Any],
    started_at: str,
    folder: Path,
) -> tuple[Report, dict[str, Path], int]:
    """Decide, build the report and write it. Raises ReportError."""
    from harness.report import build, write

    finished = now()
    policy = gate.policy
    decision = decide(
        results,
        policy.required,
        policy.waivers,
        dt.date.fromisoformat(finished[:10]),
        policy.limits,
    )
    report = build(
        decision=decision,
        candidate=_subject(gate, facts["candidate"]),
        policy=policy,
        gate_digest=gate.digest,
        gate_path=shown(gate.path),
        environment=environment(facts["runtime"]),
        logs=facts["logs"],
        started_at=started_at,
        finished_at=finished,
    )
    return report, write(report, folder), EXIT_CODES[decision.verdict]


def shown(path: Path) -> str:
    """The path as somebody in this folder would write it: reports travel to other machines."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def now() -> str:
    """This moment in UTC, as reports write it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def environment(runtime: str) -> dict[str, str | int | float | bool | None]:
    """Where the run took place."""
    versions = {f"version.{name}": _version(name) for name in _PACKAGES}
    return {
        "runtime": runtime or "none",
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": cpuinfo.name(),
        "processor_flags": " ".join(cpuinfo.choosing(cpuinfo.flags())),
        "cpus": os.cpu_count(),
        "python": sys.version.split()[0],
        **versions,
    }


def _subject(gate: Gate, row: dict[str, Any] | None) -> Candidate:
    """The candidate; where it could not even be resolved, what the file says of it."""
    if row is not None:
        return Candidate(**row)
    told = gate.candidate
    named = told.image or told.url or " ".join(told.command or ())
    return Candidate(told.name, named or f"build {told.build.context if told.build else ''}")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
