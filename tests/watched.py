"""Runs the contract checks against a URL, as a program: `python watched.py GATE URL CHECK...`.

Prints what each check told, how long it took, and the most memory that this process ever had.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from checks import check_contract
from harness import Finding
from harness.config import load
from harness.contract import Contract


def told(contract: Contract, url: str, name: str) -> dict[str, Any]:
    """One check: its findings as [rule, severity, message], or its error."""
    began = time.monotonic()
    try:
        look = getattr(check_contract, f"check_{name}")
        seen = look(contract=contract, endpoint=SimpleNamespace(base_url=url))
        findings = [item for item in seen if isinstance(item, Finding)]
        what: dict[str, Any] = {"findings": [[f.rule, f.severity, f.message] for f in findings]}
    except Exception as problem:
        what = {"error": f"{type(problem).__name__}: {problem}"}
    return {**what, "seconds": time.monotonic() - began}


def peak_mib() -> int:
    """The most memory that this program had; `ru_maxrss` would count its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


def main(gate: str, url: str, names: list[str]) -> None:
    """Print one JSON object."""
    contract = Contract.load(load(Path(gate)))
    checks = {name: told(contract, url, name) for name in names}
    print(json.dumps({"checks": checks, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
