"""How much the gate finds of what is wrong, how soon, and how often it cries wolf.

    .venv/bin/python -m benchmarks.detection [--only NAME]... [--runs 20] [--no-schemathesis]
                                             [--json FILE]

Every service of tests/gallery/services with one defect is shown to the gate and to schemathesis,
each as it is used from the command line, on this machine and one after the other; both stop at
their first failure. A defect is found where the run on it fails and the one on the clean service
passes. Then the clean services, and the real servers where an engine has their images, are asked
again and again with other seeds: whatever is told of them that is not written down is a false
alarm.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.detection import shots
from benchmarks.detection.shots import Shot
from tests.gallery.faulty_services import NAMES, SCRIPTS, Fault, read

Row = dict[str, Any]
Tool = Callable[[str, Fault | None, int], Shot]  # protocol, defect, seed
EXPLORE = "2 s"  # on the controls: new requests for each seed
VERDICTS = 5  # complete verdicts on each clean service


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="see the first lines of this file")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--runs", type=int, default=20, help="on each control")
    parser.add_argument("--no-schemathesis", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every single run")
    arguments = parser.parse_args()
    names = [name for name in NAMES if not arguments.only or matches(name, arguments.only)]
    tools: dict[str, Tool] = {"gate": gate}
    if not arguments.no_schemathesis:
        command = shots.schemathesis()
        tools["schemathesis"] = lambda protocol, fault, seed: shots.schemathesis_on_service(
            command, protocol, fault, seed=seed
        )
    rows = [row for tool, shoot in tools.items() for row in defects(tool, shoot, names)]
    for tool in tools:
        show_defects(tool, [row for row in rows if row["tool"] == tool])
    show_ratio(rows)
    if not arguments.only:
        rows += [*verdicts(), *controls(tools, arguments.runs), *servers(arguments.runs)]
        show_controls(rows)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def gate(protocol: str, fault: Fault | None, seed: int) -> Shot:
    """The gate, which stops at the first check that fails."""
    return shots.gate_on_service(protocol, fault, seed=seed)


def matches(name: str, wanted: list[str]) -> bool:
    """Whether `json/nan` is meant by one of `json`, `nan`, `json/nan`."""
    return any(one in (name, *name.split("/")) for one in wanted)


def row(kind: str, tool: str, name: str, shot: Shot, **more: Any) -> Row:
    """A run as it goes into the file."""
    numbers = {"code": shot.code, "seconds": round(shot.seconds, 3), "requests": shot.requests}
    return {"kind": kind, "tool": tool, "name": name, **numbers, "told": list(shot.told), **more}


def defects(tool: str, shoot: Tool, names: list[str]) -> Iterator[Row]:
    """Each defect once; found only where the clean service passes under the same seed."""
    protocols = dict.fromkeys(name.partition("/")[0] for name in names)
    clean = {protocol: shoot(protocol, None, 1).code == 0 for protocol in protocols}
    for protocol in (one for one in protocols if not clean[one]):
        print(f"{tool}: fails the clean service of {protocol}: its defects do not count")
    for name in names:
        fault, protocol = read(name), name.partition("/")[0]
        shot = shoot(protocol, fault, 1)
        found = clean[protocol] and shot.code == 1
        if not found:
            print(f"{tool}: missed {name} (exit code {shot.code})", flush=True)
        yield row("defect", tool, name, shot, family=fault.family, found=found)


def verdicts() -> Iterator[Row]:
    """Complete verdicts of the gate tier on services that answer in a millisecond."""
    for protocol in SCRIPTS:
        for _ in range(VERDICTS):
            yield row("verdict", "gate", protocol, shots.gate_on_service(protocol, to_the_end=True))


def controls(tools: dict[str, Tool], runs: int) -> Iterator[Row]:
    """The clean services under many seeds."""
    for protocol in SCRIPTS:
        for seed in range(1, runs + 1):
            shot = shots.gate_on_service(protocol, seed=seed, explore=EXPLORE, to_the_end=True)
            yield row("control", "gate", protocol, shot, alarms=alarms(shot, set()))
            if "schemathesis" in tools:
                shot = tools["schemathesis"](protocol, None, seed)
                yield row("control", "schemathesis", protocol, shot, alarms=int(shot.code != 0))


def servers(runs: int) -> Iterator[Row]:
    """The real servers; what is written down of them is no false alarm."""
    for path in sorted(shots.SERVERS.glob("*/gate*.toml")):
        name = path.relative_to(shots.SERVERS).as_posix()
        if not shots.available(path):
            print(f"left out {name}: no engine that has its image")
            continue
        for seed in range(1, runs + 1):
            shot = shots.gate_on_server(name, seed=seed, explore=EXPLORE)
            yield row("control", "gate", name, shot, alarms=alarms(shot, shots.expected(name)))


def alarms(shot: Shot, written: set[str]) -> int:
    """How much is told that is not written down."""
    return len(set(shot.told) - written)


def show_defects(tool: str, rows: list[Row]) -> None:
    """Found of seeded, with medians over what was found."""
    print(f"\n{tool}: defects found / seeded, requests and seconds to detection (medians)")
    for family in [*shots.FAMILIES, "all"]:
        mine = [one for one in rows if family in (one["family"], "all")]
        hits = [one for one in mine if one["found"]]
        if not mine:
            continue
        requests = statistics.median([one["requests"] for one in hits] or [0])
        seconds = statistics.median([one["seconds"] for one in hits] or [0.0])
        print(f"  {family:<10} {len(hits):>3} / {len(mine):<3} {requests:>6g} {seconds:>7.2f} s")


def show_ratio(rows: list[Row]) -> None:
    """Defects for each second of running, over all services with a defect."""
    rates = {}
    for tool in dict.fromkeys(one["tool"] for one in rows):
        mine = [one for one in rows if one["tool"] == tool]
        found, seconds = sum(one["found"] for one in mine), sum(one["seconds"] for one in mine)
        rates[tool] = found / seconds
        print(f"\n{tool}: {found} defects in {seconds:.1f} s: {rates[tool]:.3f} each second")
    if rates.get("schemathesis"):
        print(f"ratio: {rates['gate'] / rates['schemathesis']:.1f}")


def show_controls(rows: list[Row]) -> None:
    """Time to a verdict, and false alarms."""
    seconds = [one["seconds"] for one in rows if one["kind"] == "verdict"]
    print(
        f"\ncomplete verdict of the gate tier: median {statistics.median(seconds):.2f} s, "
        f"{min(seconds):.2f} to {max(seconds):.2f} s, {len(seconds)} runs"
    )
    for tool in ("gate", "schemathesis"):
        for name in dict.fromkeys(one["name"] for one in rows):
            mine = [r for r in rows if (r["kind"], r["tool"], r["name"]) == ("control", tool, name)]
            if mine:
                told = sum(one["alarms"] > 0 for one in mine)
                print(f"{tool}: false alarms on {name}: {told} of {len(mine)} runs")


if __name__ == "__main__":
    main()
