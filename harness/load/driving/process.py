"""Locust as a subprocess: how it is started, and the last thing that it said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import harness
from harness.load.locustside import layout
from harness.processes import environment

_TAIL = 16 * 1024
_ERROR = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|StopTest)\b")
_PLACE = re.compile(r'File ".*", line \d+')
_STAMP = re.compile(r"^\[[^\]]*\] \S+: ")


def start(
    module: str, words: Sequence[str], folder: Path, cwd: Path, control: int, **told: Any
) -> subprocess.Popen[bytes]:
    """`python -m module words...` with our hooks in it, which are told `folder`, `control`, `told`.

    It inherits the descriptor `control`, and writes what it says into the folder.
    """
    command = [sys.executable, "-P", "-m", module, *words]
    command += ["--headless", "--only-summary", "--loglevel", "WARNING"]
    # Locust reads its options from the environment too: those of the user are not for us.
    clean = {key: text for key, text in environment().items() if not key.startswith("LOCUST_")}
    root = str(Path(harness.__file__).resolve().parent.parent)
    paths = [root, *filter(None, [clean.get("PYTHONPATH")])]
    variable = json.dumps({"folder": str(folder), "control": control, **told})
    with (folder / layout.LOG).open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env={**clean, "PYTHONPATH": os.pathsep.join(paths), layout.VARIABLE: variable},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(control,),
        )


def ending(code: int) -> str:
    """An exit code in words."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def said(folder: Path) -> str:
    """The end of its log, in one line: an exception with its place where there is one."""
    path = folder / layout.LOG
    data = path.read_bytes()[-_TAIL:] if path.exists() else b""
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    told = [line for line in lines if any(letter.isalpha() for letter in line)]
    if not told:
        return "it said nothing"
    error = next((line for line in reversed(told) if _ERROR.match(line)), told[-1])
    places = [line for line in told[: told.index(error)] if _PLACE.match(line)]
    place = f" at {places[-1].partition(', in ')[0]}" if places else ""
    return f"{_STAMP.sub('', error)[:500]}{place}"
