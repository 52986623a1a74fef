"""Speed and memory of the accuracy comparison, beside what nobody could save and beside peers.

    .venv/bin/python -m benchmarks.accuracy [--only NAME]... [--rounds 3] [--json FILE]

All figures are ratios of neighbours: what is compared runs in turn, on the same machine, round by
round, and printed is the median. Rates are of the last three quarters of the rows, when all
processes are up, on wall clocks; where both sides are one thread, the ratio of processor time
stands beside it, which a busy machine disturbs less. The first run installs the peers and makes the
models under .gate/.

figures: tiny, mobilenet, polygraphy, ai-edge-quantizer, cache, memory, processes
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.pairs import bare, gated, places
from benchmarks.pairs.gated import Gated
from benchmarks.pairs.places import MOBILENET, TINY, TINY_LITERT, WIDE, WIDE_MANY, Pair

_BARE_ROWS = {"tiny": 512_000, "mobilenet": 400, "wide": 64}
_PEER_ROWS = {"polygraphy-simple": 17_920, "polygraphy-indices": 17_920}
_PEER_ROWS |= {"polygraphy-cosine": 17_920, "ai-edge-quantizer": 900}
_MIB = 150  # above the runtime's own


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    target: float | None = None  # at least, unless `most`
    most: bool = False
    detail: str = ""

    def __str__(self) -> str:
        text = f"{self.name:<58} {self.value:8.2f}"
        if self.target is not None:
            kept = self.value <= self.target if self.most else self.value >= self.target
            word = "at most" if self.most else "at least"
            text += f"   {word} {self.target:g}: {'reached' if kept else 'MISSED'}"
        return f"{text}   {self.detail}".rstrip()


def main() -> None:
    """Measure and print, figure by figure."""
    figures: dict[str, Callable[[int], Iterator[Figure]]] = {
        "tiny": lambda rounds: beside_bare(TINY, rounds, 0.6),
        "mobilenet": lambda rounds: beside_bare(MOBILENET, rounds, 0.95),
        "polygraphy": polygraphy,
        "ai-edge-quantizer": ai_edge_quantizer,
        "cache": cached,
        "memory": memory,
        "processes": processes,
    }
    given = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    given.add_argument("--only", action="append", choices=sorted(figures), default=[])
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--json", type=Path, metavar="FILE")
    arguments = given.parse_args()
    places.make()
    print(f"load of this machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    found = []
    for name in arguments.only or figures:
        for figure in figures[name](arguments.rounds):
            found.append(figure)
            print(figure, flush=True)
    if arguments.json:
        rows = [asdict(figure) for figure in found]
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def beside_bare(pair: Pair, rounds: int, target: float) -> Iterator[Figure]:
    """The gate with one process against the plain loop, in the order of early stopping."""
    count = _BARE_ROWS[pair.name]
    wall, cpu = [], []
    for _ in range(rounds):
        plain = bare.measure(pair.reference, pair.candidate, pair.inputs, pair.batch, count)
        ours = gate(pair)
        wall.append(ours.rate * plain.seconds / count)
        cpu.append(plain.cpu / count / ours.cpu)
    detail = f"processor time {statistics.median(cpu):.2f}; {ours.rate:.0f} rows/s"
    detail += f", bare {count / plain.seconds:.0f}"
    yield Figure(f"{pair.name}: gate / bare loop", statistics.median(wall), target, detail=detail)
    whole = statistics.median(wall) * ours.rows / ours.seconds / ours.rate
    yield Figure(f"{pair.name}: the same with start-up", whole, detail=f"{ours.seconds:.1f} s")


def polygraphy(rounds: int) -> Iterator[Figure]:
    """The gate with one process against Polygraphy's ways to compare outputs."""
    yield from beside_peers(TINY, rounds, {"polygraphy-simple": 15.0})
    yield from beside_peers(TINY, rounds, {"polygraphy-indices": None, "polygraphy-cosine": None})


def ai_edge_quantizer(rounds: int) -> Iterator[Figure]:
    """The gate with one process against `compare_model` on the same LiteRT pair."""
    yield from beside_peers(TINY_LITERT, rounds, {"ai-edge-quantizer": 15.0})


def beside_peers(pair: Pair, rounds: int, tools: dict[str, float | None]) -> Iterator[Figure]:
    """The gate with one process against peers, each of which compares fewer things."""
    ratios: dict[str, list[float]] = {tool: [] for tool in tools}
    for _ in range(rounds):
        ours = gate(pair).rate
        for tool in tools:
            ratios[tool].append(ours / places.compare(tool, pair, _PEER_ROWS[tool]))
    for tool, target in tools.items():
        yield Figure(f"tiny: gate / {tool}", statistics.median(ratios[tool]), target)


def cached(rounds: int) -> Iterator[Figure]:
    """A second evaluation with the same reference and rows against the first."""
    rates, whole = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            first, second = (evaluation(Path(folder), MOBILENET, cache=True) for _ in range(2))
        rates.append(second.rate / first.rate)
        whole.append(first.seconds / second.seconds)
    yield Figure("mobilenet: second run / first run", statistics.median(rates), 2.5)
    yield Figure("mobilenet: the same with start-up", statistics.median(whole))


def memory(rounds: int) -> Iterator[Figure]:
    """All processes of an evaluation together, above a process that only runs the two models."""
    own = bare.measure(WIDE.reference, WIDE.candidate, WIDE.inputs, WIDE.batch, 64).peak
    for pair, rows in ((WIDE, "10^4"), (WIDE_MANY, "10^7")):
        above = gate(pair).peak - own
        detail = f"MiB, gate and child together; the runtime's own are {own:.0f}"
        yield Figure(f"memory above the runtime's own, {rows} rows", above, _MIB, True, detail)


def processes(rounds: int) -> Iterator[Figure]:
    """Two processes against one, beside what two bare loops reach on this machine."""
    for pair in (TINY, MOBILENET):
        ours, plain = [], []
        for _ in range(rounds):
            one, two = (gate(pair, processes=number).rate for number in (1, 2))
            ours.append(two / one)
            plain.append(doubled(pair))
        detail = f"two bare loops at once / one: {statistics.median(plain):.2f}"
        name = f"{pair.name}: two processes / one"
        yield Figure(name, statistics.median(ours), 1.8, detail=detail)


def doubled(pair: Pair) -> float:
    """What the machine itself gives: the rate of two bare loops at once over that of one."""
    count = _BARE_ROWS[pair.name]

    def loop(_: int) -> float:
        models = pair.reference, pair.candidate
        return bare.measure(*models, pair.inputs, pair.batch, count).seconds

    with ThreadPoolExecutor(2) as pool:
        both = max(pool.map(loop, range(2)))
    return 2 * loop(0) / both


def gate(pair: Pair, processes: int = 1) -> Gated:
    """An evaluation that finds nothing kept from another."""
    with tempfile.TemporaryDirectory() as folder:
        return evaluation(Path(folder), pair, cache=False, processes=processes)


def evaluation(folder: Path, pair: Pair, *, cache: bool, processes: int = 1) -> Gated:
    """An evaluation of all rows of a pair, in the seeded order that early stopping wants."""
    return gated.measure(folder, **pair.keys, cache=cache, processes=processes)


if __name__ == "__main__":
    main()
