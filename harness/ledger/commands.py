"""`gate ledger`: a copy of it, retention, and who holds which environment."""

from __future__ import annotations

import argparse
import datetime as dt
import getpass
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from harness.attesting import span
from harness.errors import ConfigError, GateError
from harness.files import writing_whole
from harness.ledger import Held, Ledger, Refused, open_ledger
from harness.ledger.moving import MAX_LINE
from harness.model import Verdict
from harness.report import printable
from harness.verdict import EXIT_CODES


@dataclass(frozen=True, slots=True)
class Rules:
    """What a promotion is held to, as the service would: its settings."""

    order: Sequence[str]  # environments; empty: any policy is one
    max_age_s: float
    pins: Mapping[str, Collection[str]]  # policy -> the digests of it that count


def run(arguments: argparse.Namespace, url: str, rules: Rules) -> int:
    """Do what `gate ledger ACTION` says, with the ledger at `url`. Raises GateError."""
    actions: dict[str, Callable[[Ledger, argparse.Namespace], int]] = {
        "export": _export,
        "import": _import,
        "prune": _prune,
        "promote": partial(_promote, rules),
        "holders": _holders,
    }
    ledger = open_ledger(url, create=arguments.action == "import")
    try:
        return actions[arguments.action](ledger, arguments)
    finally:
        ledger.close()


def _export(ledger: Ledger, arguments: argparse.Namespace) -> int:
    if arguments.file == "-":
        count = ledger.export(sys.stdout.buffer.write)
        sys.stdout.buffer.flush()
    else:
        try:
            with writing_whole(Path(arguments.file)) as file:
                count = ledger.export(file.write)
        except OSError as problem:
            raise GateError(f"{arguments.file}: cannot be written: {problem.strerror}") from None
    print(f"{_reports(count)} exported from {ledger.name}", file=sys.stderr)
    return EXIT_CODES[Verdict.PASS]


def _import(ledger: Ledger, arguments: argparse.Namespace) -> int:
    try:
        if arguments.file == "-":
            new, known = ledger.import_(_lines(sys.stdin.buffer))
        else:
            with Path(arguments.file).open("rb") as file:
                new, known = ledger.import_(_lines(file))
    except OSError as problem:
        raise ConfigError(f"{arguments.file}: cannot be read: {problem.strerror}") from None
    print(f"{_reports(new)} imported into {ledger.name}, {known} known before")
    return EXIT_CODES[Verdict.PASS]


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines, none of them longer than the ledger would take anyway."""
    while line := file.readline(MAX_LINE + 1):
        yield line


def _prune(ledger: Ledger, arguments: argparse.Namespace) -> int:
    try:
        count = ledger.prune(arguments.keep_days, arguments.keep_last)
    except Refused as problem:
        raise ConfigError(str(problem)) from None
    print(f"{_reports(count)} removed from {ledger.name}")
    return EXIT_CODES[Verdict.PASS]


def _promote(rules: Rules, ledger: Ledger, arguments: argparse.Namespace) -> int:
    """Refused is the answer no: exit code 1, as where a gate stays closed."""
    # Of an empty text no environment is one: a variable that was not set skips no step.
    order = rules.order if arguments.order is None else arguments.order.split(",")
    age = span(arguments.max_age, "--max-age") or dt.timedelta(seconds=rules.max_age_s)
    try:
        held = ledger.promote(
            arguments.digest,
            arguments.environment,
            by=arguments.by or _user(),
            order=[name.strip() for name in order],
            max_age=age,
            pinned=rules.pins.get(arguments.environment),
        )
    except Refused as problem:
        print(f"gate: refused: {problem}", file=sys.stderr)
        return EXIT_CODES[Verdict.FAIL]
    print(_line(held))
    return EXIT_CODES[Verdict.PASS]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container that runs under a number
        raise ConfigError("--by: the user here has no name; say who promotes") from None


def _holders(ledger: Ledger, arguments: argparse.Namespace) -> int:
    if arguments.environment:
        listed = ledger.history(arguments.environment)
    else:
        listed = tuple(held for some in ledger.holders().values() for held in some)
    for held in listed:
        print(_line(held))
    if not listed:
        print("nothing was promoted yet", file=sys.stderr)
    return EXIT_CODES[Verdict.PASS]


def _line(held: Held) -> str:
    ended = "" if held.until is None else f" until {held.until:%Y-%m-%d %H:%M:%S} UTC"
    return printable(
        f"{held.environment} {held.name} {held.digest} since {held.since:%Y-%m-%d %H:%M:%S} UTC"
        f"{ended} by {held.by} report {held.report}"
    )


def _reports(count: int) -> str:
    return f"{count} report{'' if count == 1 else 's'}"
