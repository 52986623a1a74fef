"""The verdict service over a ledger of a million reports, beside the same framework's constant.

    python -m benchmarks.server [--reports 1000000] [--rounds 5] [--seconds 5] [--only PART]...

Who asks is on one core, what answers on another; both services are asked in turn, round by round,
and printed are medians and the median ratio of neighbours. The ledgers stay in .gate/ledgers.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.serving import asking
from benchmarks.serving.filling import digest_of, filled, name_of
from benchmarks.serving.services import Served, constant, service

FOLDER = Path(__file__).resolve().parent.parent / ".gate" / "ledgers"
SMALL = 1_000
ANY = 5_000  # digests that are asked for where each is to be another one
PATH = f"/v1/gate/{digest_of(5)}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--reports", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--crowd", type=float, default=60.0, help="seconds of writers and readers")
    names = ("answers", "tail", "opening", "history", "crowd")
    parser.add_argument("--only", action="append", choices=names)
    told = parser.parse_args()
    ledger = filled(FOLDER, told.reports)
    print(f"{told.reports} reports, {ledger.stat().st_size / 1e9:.2f} GB", flush=True)
    print(f"load of this machine at the start: {os.getloadavg()[0]:.1f}", flush=True)
    parts: dict[str, Callable[[], str]] = {
        "answers": lambda: answers(ledger, told.reports, told.rounds, told.seconds),
        "tail": lambda: tails(ledger, told.rounds, told.seconds),
        "opening": lambda: openings(ledger, told.rounds),
        "history": lambda: history(ledger, told.rounds),
        "crowd": lambda: crowded(told.crowd),
    }
    for name in told.only or names:
        print(parts[name](), flush=True)


def answers(ledger: Path, count: int, rounds: int, seconds: float) -> str:
    """Answers a second: one digest that is asked for again and again, and many."""
    step = max(1, count // ANY)
    many = [f"/v1/gate/{digest_of(place)}" for place in range(0, count, step)]
    lines = []
    for name, paths in (("one digest", [PATH]), (f"{len(many)} digests", many)):
        measure = partial(asking.fastest, paths=paths, seconds=seconds)
        ours, bare, ratio = _beside(ledger, rounds, measure)
        lines.append(f"{name}: {ours:.0f} /s, the constant {bare:.0f} /s, ratio {ratio:.2f}")
    return "\n".join([*lines, "  to reach: 0.7"])


def tails(ledger: Path, rounds: int, seconds: float) -> str:
    """p99 at 200 requests a second."""
    ours, bare, ratio = _beside(
        ledger, rounds, lambda served: asking.tail(served, [PATH], 200.0, seconds)
    )
    return (
        f"p99 at 200 /s: {ours:.2f} ms, the constant's {bare:.2f} ms, ratio {ratio:.2f}\n"
        "  to reach: under 3"
    )


def openings(ledger: Path, rounds: int) -> str:
    """Opening a large ledger beside a small one."""
    small = filled(FOLDER, SMALL)
    pairs = [(asking.opening(ledger, 3), asking.opening(small, 3)) for _ in range(rounds)]
    large, little = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return (
        f"opening: {large * 1e3:.1f} ms, with {SMALL} reports {little * 1e3:.1f} ms, "
        f"ratio {ratio:.2f}\n  to reach: at most 2"
    )


def history(ledger: Path, rounds: int) -> str:
    """The page of a candidate with a thousand reports."""
    took = []
    with tempfile.TemporaryDirectory() as folder, service(ledger, Path(folder)) as served:
        for place in range(rounds + 1):
            began = time.perf_counter()
            page = served.get(f"/candidates/{name_of(1000 * place)}")
            took.append(time.perf_counter() - began)
    middle = statistics.median(took[1:]) * 1e3
    return (
        f"history of 1000 reports: {middle:.0f} ms, {len(page) / 1e3:.0f} kB\n"
        "  to reach: under 300 ms"
    )


def crowded(seconds: float) -> str:
    """Eight writers and thirty-two readers at once, into a ledger of a thousand."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = filled(Path(folder), SMALL)
        with service(ledger, Path(folder)) as served:
            seen = asking.crowd(served, 8, 32, seconds)
    return (
        f"8 writers and 32 readers, {seconds:g} s: {len(seen.stored)} reports stored, "
        f"{len(seen.verdicts)} verdicts read, {len(seen.errors)} errors, {seen.lost} lost"
        + "".join(f"\n  {line}" for line in seen.errors[:5])
    )


def _beside(
    ledger: Path, rounds: int, measure: Callable[[Served], float]
) -> tuple[float, float, float]:
    """Medians of the service and of the constant, and the median ratio of neighbours."""
    with tempfile.TemporaryDirectory() as folder, service(ledger, Path(folder)) as ours:
        with constant(ours.get(PATH)) as bare:
            measure(ours), measure(bare)  # the first round warms up
            pairs = [(measure(ours), measure(bare)) for _ in range(rounds)]
    columns = [statistics.median(column) for column in zip(*pairs, strict=True)]
    return columns[0], columns[1], statistics.median(a / b for a, b in pairs)


if __name__ == "__main__":
    main()
