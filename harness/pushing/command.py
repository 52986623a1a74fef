"""The command line of `gate push`: what was asked, read before anything is done."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.attesting import span
from harness.model import Verdict
from harness.pushing.bound import FRESH, Refused, Terms
from harness.pushing.conduct import Order, push
from harness.pushing.reference import parse_target
from harness.report import printable
from harness.report.signing.keys import read_private
from harness.verdict import EXIT_CODES


def run(arguments: argparse.Namespace) -> int:
    """Push as the arguments say. Returns the exit code; raises GateError."""
    report = Path(arguments.report)
    order = Order(
        image=arguments.image,
        target=parse_target(arguments.target),
        report=report,
        terms=Terms(arguments.policy, span(arguments.max_age, "--max-age") or FRESH),
        key=None if arguments.key is None else read_private(Path(arguments.key)),
        out=Path(arguments.out or (report if report.is_dir() else report.parent)),
    )
    try:
        push(order, lambda line: print(printable(line), flush=True))
    except Refused as problem:
        print(f"gate: {printable(str(problem))}", file=sys.stderr)
        return problem.code
    return EXIT_CODES[Verdict.PASS]
