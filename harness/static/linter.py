"""flake8 in a subprocess over the candidate's source: every violation a finding."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import ConfigError, EngineError
from harness.model import Finding
from harness.static.places import Places, own_files

# What is wrong in any style: it cannot run, or it cannot mean what it says.
FATAL = (
    "E9",  # cannot be read: syntax, indentation, encoding
    "F401,F402,F404",  # imported for nothing, hidden by a loop, too late
    "F501,F502,F503,F505,F506,F507,F508,F509,F521,F524,F525",  # formatting that raises
    "F63,F7",  # comparisons that are always the same, statements out of place
    "F811,F82",  # defined twice, not defined at all
)
_FORMAT = "%(path)s\x1f%(row)d\x1f%(col)d\x1f%(code)s\x1f%(text)s"
_CONFIGURATIONS = ("setup.cfg", "tox.ini", ".flake8")  # in flake8's own order
_AT_ONCE = 400  # files a call: well below any limit on a command line
_SECONDS = 120.0
_COLUMNS = re.compile(r"\s+")


def lint(places: Places, folder: Path, mode: str = "fatal") -> tuple[int, list[Finding]]:
    """How many Python files there are in `folder`, and what flake8 says of them.

    `mode` "fatal" selects `FATAL` and no configuration; "project" the configuration that flake8
    would find for `folder`.
    Raises EngineError where flake8 itself breaks, ConfigError where its configuration cannot be
    used.
    """
    files = sorted(own_files(folder, "*.py"))
    options = _fatal() if mode == "fatal" else _project(folder)
    findings: list[Finding] = []
    for start in range(0, len(files), _AT_ONCE):
        output = _flake8(options, folder, files[start : start + _AT_ONCE])
        findings += [_finding(line, places, folder) for line in output.splitlines() if line]
    return len(files), findings


def _fatal() -> list[str]:
    # A package's __init__.py imports names in order to offer them.
    return ["--isolated", f"--select={','.join(FATAL)}", "--per-file-ignores=__init__.py:F401"]


def _project(folder: Path) -> list[str]:
    config = _configuration(folder)
    if config is None:
        raise ConfigError(
            f"candidate.lint = 'project', but {folder} and the folders above it hold no flake8 "
            f"section in {', '.join(_CONFIGURATIONS)}; write one, or use 'fatal'"
        )
    return [f"--config={config}"]


def _configuration(folder: Path) -> Path | None:
    """The file that flake8 would use, which must not bring code into the gate."""
    for here in (folder, *folder.parents):
        for name in _CONFIGURATIONS:
            sections = _sections(here / name)
            if "flake8:local-plugins" in sections:
                raise ConfigError(
                    f"{here / name}: [flake8:local-plugins] would run the candidate's code inside "
                    "the gate; install the plugins as packages, or use candidate.lint = 'fatal'"
                )
            if "flake8" in sections:
                return here / name
        if here == Path.home():
            break
    return None


def _sections(file: Path) -> list[str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as problem:
        raise ConfigError(f"{file}: cannot be read: {problem}") from None
    return parser.sections()


def _flake8(options: list[str], folder: Path, files: Sequence[Path]) -> str:
    """What flake8 prints. `-P`: a module of the candidate must not hide one of flake8's."""
    names = [f"./{file.relative_to(folder).as_posix()}" for file in files]
    jobs = "1" if len(files) < 50 else "auto"
    command = [sys.executable, "-P", "-m", "flake8", *options]
    command += ["--exit-zero", f"--format={_FORMAT}", "--color=never", "--no-show-source"]
    command += [f"--jobs={jobs}", "--", *names]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"flake8 did not end within {_SECONDS:.0f} s in {folder}") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise EngineError(f"flake8 broke with exit code {done.returncode}: {said[-400:]}")
    return done.stdout.decode("utf-8", "replace")


def _finding(line: str, places: Places, folder: Path) -> Finding:
    fields = line.split("\x1f", 4)
    if len(fields) != 5:
        raise EngineError(f"flake8 wrote {line[:200]!r}, expected path, row, column, code, text")
    path, row, _, code, text = fields
    where = places.shown(folder / path.removeprefix("./"))
    message = _COLUMNS.sub(" ", text)[:300]
    return Finding(code, f"{code} {message}", location=f"{where}:{row}")
