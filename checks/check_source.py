"""Source: what can be seen in the candidate's source before anything is built or started."""

from __future__ import annotations

from pathlib import Path

from harness import Finding, Measurement, Severity, check
from harness.config import Gate
from harness.static import Places, hadolint, judge_build, lint, parse, pins


def _has_source(gate: Gate) -> str:
    return "" if gate.candidate.source else "the gate names no candidate.source"


def _has_dockerfile(gate: Gate) -> str:
    places = Places.of(gate)
    if places.dockerfile is not None:
        return ""
    if not places.folders:
        return "the gate names no candidate.source and no candidate.build"
    folders = ", ".join(places.shown(folder) for folder in places.folders)
    return f"there is no Dockerfile for {folders}"


@check(measures=("python_files", "lint_violations"), applies=_has_source)
def check_lint(gate: Gate, source: Path) -> list[Measurement | Finding]:
    """The source has none of the faults that a linter is sure of."""
    files, findings = lint(Places.of(gate), source, gate.candidate.lint)
    seen: list[Measurement | Finding] = [
        Measurement("python_files", float(files)),
        Measurement("lint_violations", float(len(findings))),
        *findings,
    ]
    if not files:
        seen.append(
            Finding(
                "no-python",
                "the source folder holds no Python file: nothing was linted",
                severity=Severity.INFO,
                location=gate.candidate.source or "",
            )
        )
    return seen


@check(measures=("requirements", "unpinned"), applies=_has_source)
def check_pins(gate: Gate) -> list[Measurement | Finding]:
    """Every requirement is pinned to an exact version or a hash."""
    return pins(Places.of(gate))


@check(measures=("instructions",), applies=_has_dockerfile)
def check_dockerfile(gate: Gate) -> list[Measurement | Finding]:
    """The Dockerfile builds the same image tomorrow, and ships only what is needed to serve."""
    places = Places.of(gate)
    file, context = places.dockerfile, places.context
    if file is None or context is None:
        raise FileNotFoundError(f"{gate.path}: the Dockerfile has gone since the gate was read")
    dockerfile = parse(places.read(file), dict(places.build_args))
    return [
        Measurement("instructions", float(len(dockerfile.instructions))),
        *judge_build(dockerfile, file, context, places),
        *hadolint(file, places, gate.candidate.lint),
    ]
