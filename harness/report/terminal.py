"""Reports in a terminal: a table, the reasons, the verdict; or two of them side by side."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from harness.model import CheckResult, Outcome, Verdict
from harness.report import numbers, summary
from harness.report.document import Report
from harness.report.escape import printable
from harness.report.sidebyside import Pair, SideBySide

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

SIGNS = {
    Outcome.PASSED: "\u2713",
    Outcome.FAILED: "\u2717",
    Outcome.ERRORED: "!",
    Outcome.INCONCLUSIVE: "?",
    Outcome.SKIPPED: "-",
}
COLOURS = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.ERRORED: "magenta",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.SKIPPED: "bright_black",
}
_VERDICTS = {
    Verdict.PASS: "bold green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "bold yellow",
    Verdict.ERROR: "bold magenta",
}
_WIDTH = 120  # of a log file, which has none of its own


def show(
    report: Report, *, html: Path | None = None, stream: TextIO | None = None, quiet: bool = False
) -> None:
    """Print `report`, in colour only on a terminal; `quiet` leaves the table out.

    `html` is the page to point at. Nothing in the report is read as markup or as a command.
    """
    from rich.text import Text

    console = _console(stream if stream is not None else sys.stdout)
    if not quiet:
        console.print(_table(report, _signs(console.encoding)))
        console.print()
    for reason in report.reasons:
        console.print(_reason(report, reason), soft_wrap=True)
    console.print(_verdict(report), soft_wrap=True)
    if html is not None:
        console.print(Text(f"report: {printable(str(html))}"), soft_wrap=True)


def show_both(both: SideBySide, *, stream: TextIO | None = None) -> None:
    """Print what differs between two reports: what was tested, then check by check."""
    from rich.text import Text

    console = _console(stream if stream is not None else sys.stdout)
    if both.facts:
        console.print(_columns(("", "A", "B"), [tuple(map(_plain, row)) for row in both.facts]))
    rows = [row for pair in (*both.changed, *both.kept) for row in _pair(pair)]
    console.print(_columns(("check", "A", "B", "change"), rows))
    console.print()
    console.print(Text(f"verdict: {both.sentence}", style="bold"), soft_wrap=True)


def _columns(names: tuple[str, ...], rows: list[tuple[Text, ...]]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=False, show_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _pair(pair: Pair) -> Iterator[tuple[Text, ...]]:
    """The outcomes of a check, then its numbers that have a limit or a change, then findings."""
    from rich.text import Text

    outcomes = [Text(one, style=_colour(one)) for one in pair.outcomes]
    yield _plain(pair.id), *outcomes, _plain(pair.word)
    for row in pair.telling:
        values = [numbers.quantity(one.value, one.unit) if one else "" for one in (row.a, row.b)]
        told = f"{row.change}, beyond the noise" if row.apart else row.change
        yield _plain(f"  {row.name}"), *map(_plain, values), _plain(told)
    for word, findings in (("gone", pair.gone), ("new", pair.new)):
        for finding in findings:
            place, nowhere = _plain(finding.location or "found"), _plain("")
            sides = (place, nowhere) if word == "gone" else (nowhere, place)
            yield _plain(f"  {finding.rule}"), *sides, _plain(word)


def _plain(text: str) -> Text:
    from rich.text import Text

    indent = " " * (len(text) - len(text.lstrip(" ")))
    return Text(indent + printable(text))


def _colour(outcome: str) -> str:
    return COLOURS.get(Outcome(outcome), "") if outcome != "absent" else "bright_black"


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    if isinstance(stream, io.TextIOWrapper) and "utf" not in stream.encoding.lower():
        stream.reconfigure(errors="replace")  # a name in Cyrillic must not end the report
    console = Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if stream.isatty() else _WIDTH,
    )
    console.on_broken_pipe = _raise  # type: ignore[method-assign]
    return console


def _raise() -> NoReturn:
    """Rich would end the process with 1, which is the code of a failed candidate."""
    raise BrokenPipeError("nobody reads standard output")


def _table(report: Report, signs: Mapping[Outcome, str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=False, show_edge=False)
    table.add_column("")
    table.add_column("check", overflow="fold")
    table.add_column("outcome")
    table.add_column("measured", overflow="fold")
    table.add_column("limit", overflow="fold")
    table.add_column("time", justify="right", no_wrap=True)
    for _, results in summary.families(report):
        for result in results:
            sign = Text(signs[result.outcome], style=COLOURS[result.outcome])
            table.add_row(sign, *_row(report, result))
    return table


def _row(report: Report, result: CheckResult) -> tuple[Text, ...]:
    from rich.text import Text

    colour = COLOURS[result.outcome]
    gist = summary.seen(result)
    rows = () if gist else summary.telling(result)
    measured = [f"{row.name} {numbers.quantity(row.value, row.unit)}" for row in rows] or [gist]
    outcome = str(result.outcome)
    if report.waiver_of(result):
        outcome += ", waived"
    elif not result.required and result.outcome is not Outcome.PASSED:
        outcome += ", not required"
    return (
        Text(printable(result.id)),
        Text(outcome, style=colour),
        Text("\n".join(map(printable, measured))),
        Text("\n".join(printable(row.limit or "") for row in rows)),
        Text(numbers.seconds(result.duration_s), style="bright_black"),
    )


def _signs(encoding: str) -> Mapping[Outcome, str]:
    """Signs that the terminal's encoding has."""
    try:
        "".join(SIGNS.values()).encode(encoding)
    except UnicodeEncodeError:
        return SIGNS | {Outcome.PASSED: "+", Outcome.FAILED: "x"}
    return SIGNS


def _reason(report: Report, reason: str) -> Text:
    from rich.text import Text

    result = summary.check_of(report, reason)
    colour = COLOURS[result.outcome] if result is not None else COLOURS[Outcome.ERRORED]
    return Text.assemble(("- ", colour), printable(reason))


def _verdict(report: Report) -> Text:
    from rich.text import Text

    return Text.assemble(
        ("verdict: ", "bold"),
        (str(report.verdict), _VERDICTS[report.verdict]),
        f"  {printable(report.subject.name)}  "
        f"({summary.tally_text(report.checks)}, {numbers.seconds(report.duration_s)})",
    )
