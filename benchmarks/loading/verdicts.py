"""Time to a verdict at 200 requests a second, and how often the verdict is wrong."""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from pathlib import Path

from benchmarks.loading import ours, servers
from harness.contract import calibrated
from harness.limits import Limit
from harness.load import run
from harness.model import Outcome

RATE = "200 /s"
P99 = 50.0  # ms, of the server
MEAN = P99 / 1e3 / math.log(100)  # s, of its exponential delays
LIMITS = {"half": 2 * P99, "twice": P99 / 2}  # what share of its limit its p99 is -> the limit
REQUESTS = 60  # different ones
STARTED = 2.0  # seconds
RIGHT = {"half": Outcome.PASSED, "twice": Outcome.FAILED}


def table(runs: int, kept: Path | None) -> str:
    """Outcomes and seconds of `runs` runs of either kind, in turns; those in `kept` count."""
    told = kept.read_text(encoding="utf-8") if kept is not None and kept.exists() else ""
    rows = [json.loads(line) for line in told.splitlines()]
    while len(rows) < 2 * runs:
        rows.append(_row(("half", "twice")[len(rows) % 2], len(rows)))
        print(len(rows), rows[-1], file=sys.stderr, flush=True)
        if kept is not None:
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    lines = [
        f"{'p99 of the service':24}{'runs':>6}{'right':>7}{'open':>6}{'wrong':>7}{'median':>9}"
    ]
    for kind, right in RIGHT.items():
        mine = [row for row in rows if row["kind"] == kind]
        good = sum(row["outcome"] == right for row in mine)
        doubt = sum(row["outcome"] == Outcome.INCONCLUSIVE for row in mine)
        seconds = statistics.median(row["seconds"] for row in mine)
        wrong = len(mine) - good - doubt
        lines.append(
            f"{kind + ' its limit':24}{len(mine):>6}{good:>7}{doubt:>6}{wrong:>7}{seconds:>7.1f} s"
        )
    return "\n".join(lines)


def _row(kind: str, seed: int) -> dict[str, object]:
    limits = {"latency_p99": Limit.parse(f"<= {LIMITS[kind]} ms")}
    with (
        servers.delays(mean=MEAN, seed=seed) as url,
        ours.rig(url, limits, RATE, requests=REQUESTS) as (gate, contract, rig),
    ):
        calibrated(contract, url)  # as the checks before it do, beside which Locust starts
        time.sleep(STARTED)
        begun = time.monotonic()
        traffic = run(gate, ours.Server(url), contract, limits, rig)
        seconds = time.monotonic() - begun
    measured = traffic.measure("latency_p99")
    assert measured is not None
    outcome = limits["latency_p99"].judge(measured)
    doubtful = traffic.doubts or (outcome is Outcome.FAILED and traffic.excuses)
    found = Outcome.INCONCLUSIVE if doubtful else outcome
    return {"kind": kind, "outcome": found, "seconds": round(seconds, 2), "p99": measured.value}
