"""What all galleries have in common: edits of files, a run of the gate, and what it has to say."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).parent.parent.parent
BUSY = {"invalid-run", "disturbed-run"}  # rules of doubts about the load generator itself
SECONDS = 180  # a gate that takes longer hangs


class Strict(BaseModel):
    """A table of a gallery file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Edit(Strict):
    """A piece of text that stands in `file` exactly once, and what it becomes."""

    file: str
    replace: str
    with_: str = Field(alias="with")


def change(folder: Path, edits: Iterable[Edit]) -> None:
    """Edit the files of a folder. Raises ValueError where an edit does not fit."""
    for edit in edits:
        path = folder / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.replace) != 1:
            raise ValueError(
                f"{edit.file}: {edit.replace!r} stands there {text.count(edit.replace)} times"
            )
        path.write_text(text.replace(edit.replace, edit.with_), encoding="utf-8")


def write_gate(folder: Path, *layers: dict[str, Any]) -> Path:
    """Lay tables over the gate.toml of a folder, each over the ones before it."""
    path = folder / "gate.toml"
    gate = tomllib.loads(path.read_text(encoding="utf-8"))
    for layer in layers:
        lay_over(gate, layer)
    lines = [f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in gate.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def lay_over(below: dict[str, Any], above: dict[str, Any]) -> None:
    """Merge tables; None takes a key out, everything else is replaced."""
    for key, value in above.items():
        if value is None:
            below.pop(key, None)
        elif isinstance(value, dict) and isinstance(below.get(key), dict):
            lay_over(below[key], value)
        else:
            below[key] = value


def as_toml(value: Any) -> str:
    """A TOML value on one line. Strings, numbers and booleans are written as in JSON."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(k)} = {as_toml(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    return json.dumps(value)


def run(gate: Path, out: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the gate as a user does; its exit code and its report."""
    command = [sys.executable, "-m", "harness", "run", str(gate), "--report", str(out), "--quiet"]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    path = out / "report.json"
    if not path.is_file():
        raise AssertionError(
            f"exit code {done.returncode} and no report:\n{(done.stdout + done.stderr)[-3000:]}"
        )
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return done.returncode, report


def missed(catches: str, says: str, report: dict[str, Any]) -> list[str]:
    """What the check that must catch a defect did instead."""
    check = next((row for row in report["checks"] if row["id"] == catches), None)
    if check is None:
        return [f"{catches}: no such check ran"]
    if check["outcome"] != "failed":
        return [f"{catches}: {check['outcome']} {check['reason']}, must be failed"]
    told = [check["reason"], *(json.dumps(row, ensure_ascii=False) for row in check["findings"])]
    if not any(says in text for text in told):
        return [f"{catches}: does not say {says!r}, but: {check['reason']}"]
    return []


def wolves(report: dict[str, Any], families: Collection[str]) -> list[str]:
    """Checks outside of `families` that are not content.

    Of a candidate that never became ready nobody can say anything: errors and skips behind a
    failed start are the truth. And a load generator that was short of processor time speaks of
    this machine, not of the candidate.
    """
    quiet = {"passed", "skipped"} | ({"errored"} if "startup" in families else set())
    found = []
    for check in report["checks"]:
        bad = [row for row in check["findings"] if row["severity"] in ("error", "doubt")]
        rules = {row["rule"] for row in bad}
        busy = check["outcome"] == "inconclusive" and bad and rules <= BUSY
        unheard = check["outcome"] == "skipped" and check["required"] and "startup" not in families
        if check["id"].partition(".")[0] in families or busy:
            continue
        if check["outcome"] not in quiet or bad or unheard:
            found.append(f"{check['id']}: {check['outcome']} {check['reason']} {bad[:2] or ''}")
    return found
