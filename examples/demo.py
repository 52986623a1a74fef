"""The demo: one good and two bad candidates through the gate. Run by `make demo`.

Ends with 0 only where all three verdicts are the expected ones, for the expected reasons. Where
no container engine answers, the same candidates run as local processes, and it says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import prepare

from harness.runtime import engine_status

REPORTS = prepare.HERE.parent / ".gate" / "demo"
_EXIT_CODES = {"pass": 0, "fail": 1, "error": 3, "inconclusive": 4}


@dataclass(frozen=True)
class Demo:
    """One candidate, and what the gate has to say of it."""

    name: str
    title: str
    gate: str  # without its ending: .toml with an engine, .local.toml without
    verdict: str
    named: tuple[str, ...] = ()  # what one of the reasons has to name
    measurement: str = ""  # whose value, limit, interval and n that reason has to give


DEMOS = (
    Demo("good", "a good sentiment service", "sentiment/gate", "pass"),
    Demo(
        "careless",
        'the same service, but "positive" has become a text',
        "careless/gate",
        "fail",
        named=("contract.response", "$.positive"),
    ),
    Demo(
        "lossy",
        "a digits classifier in int8 that really lost accuracy",
        "digits/gate.lossy",
        "fail",
        named=("accuracy.drop",),
        measurement="drop",
    ),
)


def main() -> int:
    """Prepare, run the three gates, look at their reports."""
    began = time.monotonic()
    status = engine_status()
    try:
        prepare.train()
        if status.available:
            prepare.build()
    except prepare.PreparationError as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    if not status.available:
        print(
            f"{status.detail}.\nThe candidates run as local processes: there is no sandbox around "
            "them and no image to look into, so the image checks are not run."
        )
    complaints = {demo: settle(demo, status.available) for demo in DEMOS}
    return conclude(complaints, time.monotonic() - began)


def settle(demo: Demo, with_engine: bool) -> list[str]:
    """Run one gate, and once more where it could not tell; what is wrong with its verdict."""
    code, found = run(demo, with_engine)
    if code == _EXIT_CODES["inconclusive"]:
        print("\ninconclusive: this machine may have been busy with other work; once more")
        code, found = run(demo, with_engine)
    return found


def run(demo: Demo, with_engine: bool) -> tuple[int, list[str]]:
    """Run one gate; its exit code, and what is wrong with its verdict, empty for nothing."""
    ending = ".toml" if with_engine else ".local.toml"
    gate = prepare.HERE / f"{demo.gate}{ending}"
    print(f"\n=== {demo.title}: expecting {demo.verdict}\n", flush=True)
    # The local forms start `python`: the one of this environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = [sys.executable, "-m", "harness", "run", str(gate), "--report", str(folder(demo))]
    code = subprocess.run(command, env={**os.environ, "PATH": path}, check=False).returncode
    if code not in _EXIT_CODES.values():
        return code, [f"gate run ended with {code} and without a verdict"]
    report = json.loads((folder(demo) / "report.json").read_text(encoding="utf-8"))
    return code, examine(demo, report, code, "docker" if with_engine else "process")


def examine(demo: Demo, report: dict[str, Any], code: int, runtime: str) -> list[str]:
    """Hold a report against what was expected of it."""
    found = []
    if report["verdict"] != demo.verdict:
        found.append(f"verdict {report['verdict']}, expected {demo.verdict}: {report['reasons']}")
    if code != _EXIT_CODES[report["verdict"]]:
        found.append(f"exit code {code} for verdict {report['verdict']}")
    if report["environment"].get("runtime") != runtime:
        found.append(f"ran in {report['environment'].get('runtime')!r}, expected {runtime!r}")
    wanted = [*demo.named, *_figures(demo, report)]
    if not any(all(word in reason for word in wanted) for reason in [*report["reasons"], ""]):
        found.append(f"no reason names {', '.join(wanted)}: {report['reasons']}")
    return found


def _figures(demo: Demo, report: dict[str, Any]) -> list[str]:
    """Limit, n and the word for the interval, as the reason has to give them."""
    if not demo.measurement:
        return []
    measured = [
        measurement
        for check in report["checks"]
        for measurement in check["measurements"]
        if check["id"] in demo.named and measurement["name"] == demo.measurement
    ]
    complete = [one for one in measured if None not in (one["low"], one["high"], one["n"])]
    if not complete:
        return [f"{demo.measurement} with its interval and n"]
    one = complete[0]
    return [f"{demo.measurement} = ", str(one["limit"]), "interval", f"n = {one['n']}"]


def folder(demo: Demo) -> Path:
    """Where its report lies."""
    return REPORTS / demo.name


def conclude(complaints: dict[Demo, list[str]], seconds: float) -> int:
    """Say how it went; 0 where there is nothing to complain of."""
    print()
    for demo, found in complaints.items():
        print(f"{'as expected' if not found else 'NOT as expected'}: {demo.title}")
        for line in found:
            print(f"    {line}")
        print(f"    {folder(demo) / 'report.html'}")
    print(f"{seconds:.0f} s")
    return 1 if any(complaints.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
