"""Load: what a request costs, whether the plan is kept, whether the figures are true, how soon.

    python -m benchmarks.load [--only clients|rates|truth|verdicts]... [--rounds 3] [--runs 20]

The client on one core, the server on another. nginx answers where speed is measured, servers with
known delays where truth is. Stock Locust, k6 (installed into .gate/load-peers), wrk where it is
installed, and a bare loop on gevent sockets run beside the gate in the same minutes.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.loading import speed, truth, verdicts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--only", action="append", choices=["clients", "rates", "truth", "verdicts"]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement of speed")
    parser.add_argument("--long", type=float, default=60.0, help="seconds of each one of truth")
    parser.add_argument("--runs", type=int, default=20, help="verdicts of either kind")
    parser.add_argument(
        "--kept", type=Path, help="JSON lines of verdicts: an interrupted run goes on"
    )
    told = parser.parse_args()
    parts: dict[str, Callable[[], str]] = {
        "clients": lambda: speed.clients(told.rounds, told.seconds),
        "rates": lambda: speed.rates(told.rounds, told.seconds),
        "truth": lambda: truth.table(told.long),
        "verdicts": lambda: verdicts.table(told.runs, told.kept),
    }
    print(f"load of this machine at the start: {os.getloadavg()[0]:.1f}", flush=True)
    for name in told.only or parts:
        print(f"\n{name}\n{parts[name]()}", flush=True)


if __name__ == "__main__":
    main()
