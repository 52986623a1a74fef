"""`gate record`: keep the answers of a release that is accepted, to hold the next ones against."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config import Gate
from harness.errors import CandidateNotReady, ConfigError
from harness.model import Finding, Verdict
from harness.run import Run
from harness.verdict import EXIT_CODES

if TYPE_CHECKING:
    from harness.contract import Golden

DEFAULT = "golden.json"


def record(gate: Gate, into: str | None, *, force: bool = False) -> int:
    """Start the candidate, ask every valid request, and write what is stable; the exit code.

    A candidate that does not start, or whose answers break the contract, is not recorded: 1.
    Raises ConfigError where the file is there already, and `force` does not say to replace it.
    """
    path = gate.golden_path or gate.root / DEFAULT
    if into is not None:
        path = Path(into).resolve()
    if path.exists() and not force:
        raise ConfigError(
            f"{path}: is there already, and others may be compared with it; --force replaces it"
        )
    run = Run(gate)
    try:
        return _record(run, path)
    except CandidateNotReady as problem:
        return _refused(f"nothing was recorded: {problem}", ())
    finally:
        run.close()


def _record(run: Run, path: Path) -> int:
    from harness.contract import record as ask
    from harness.contract import write_golden

    run.declared()
    candidate, endpoint = run.candidate(), run.endpoint()
    recording = ask(run.contract(), endpoint.base_url, candidate)
    if recording.golden is None:
        return _refused("nothing was recorded: the answers break the contract", recording.findings)
    write_golden(recording.golden, path)
    _tell(recording.golden, path, run.gate)
    return EXIT_CODES[Verdict.PASS]


def _tell(golden: Golden, path: Path, gate: Gate) -> None:
    from harness.report import printable

    print(printable(f"{path}: {len(golden.answers)} answers of {golden.name}"))
    for name, why in golden.left_out.items():
        print(printable(f"  left out: {name}: {why}"))
    if gate.golden_path != path:
        relative = Path(os.path.relpath(path, gate.root)).as_posix()
        print(f'add to {gate.path.name}:\n\n[baseline]\ngolden = "{relative}"')


def _refused(why: str, findings: tuple[Finding, ...]) -> int:
    from harness.report import printable

    print(printable(why))
    for finding in findings:
        where = f" (at {finding.location})" if finding.location else ""
        print(printable(f"  {finding.rule}: {finding.message}{where}"))
        for name in ("expected", "received", "reproduce"):
            if getattr(finding, name):
                print(printable(f"    {name}: {getattr(finding, name)}"))
    return EXIT_CODES[Verdict.FAIL]
