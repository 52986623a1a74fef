"""The terminal gets a table, the reasons and the verdict; colour only where there is one."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from harness.report import Report, compare, show, show_both


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Yes."""
        return True


def printed(report: Report, *, quiet: bool = False, html: Path | None = None) -> str:
    """What `show` writes into a file."""
    stream = io.StringIO()
    show(report, stream=stream, quiet=quiet, html=html)
    return stream.getvalue()


def test_a_check_is_a_row_with_value_limit_and_time(failed: Report) -> None:
    rows = [re.sub(r" {2,}", "  ", line).strip() for line in printed(failed).splitlines()]
    assert "\u2717  load.latency  failed  latency_p99 312 ms  <= 250 ms  30.1 s" in rows
    assert "\u2713  startup.ready  passed  requests 1  2.8 s" in rows
    assert "\u2717  image.root_user  failed, waived  root-user  0 ms" in rows


def test_the_reasons_and_then_the_verdict_come_last(failed: Report) -> None:
    lines = printed(failed).rstrip().splitlines()
    assert lines[-4].startswith("- contract.response failed: not of the promised type")
    assert lines[-1] == "verdict: fail  sentiment  (3 failed, 1 skipped, 1 passed, 51.5 s)"


def test_the_page_is_pointed_at(failed: Report) -> None:
    text = printed(failed, html=Path("out/report.html"))
    assert text.endswith("report: out/report.html\n")


def test_quiet_leaves_the_table_out(passed: Report) -> None:
    assert printed(passed, quiet=True) == "verdict: pass  sentiment  (1 passed, 51.5 s)\n"


def test_a_file_gets_no_colour(failed: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert "\x1b" not in printed(failed)


def test_a_terminal_gets_colour_unless_it_asks_for_none(
    failed: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    show(failed, stream=stream)
    assert "\x1b[1;31mfail" in stream.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    show(failed, stream=plain)
    assert "\x1b[1;31m" not in plain.getvalue()


def test_a_reason_is_one_line_however_long_it_is(failed: Report) -> None:
    long = failed.model_copy(update={"reasons": ("a.b failed: " + "word " * 100,)})
    assert len([line for line in printed(long, quiet=True).splitlines() if "word" in line]) == 1


def test_a_terminal_without_the_signs_gets_others(failed: Report) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    show(failed.model_copy(update={"reasons": ("Größe",)}), stream=stream)
    stream.seek(0)
    text = stream.read()
    assert "x | load.latency" in text
    assert "Gr??e" in text


def test_markup_is_text(failed: Report) -> None:
    marked = failed.model_copy(update={"reasons": ("[bold red]x[/] :smile: [link=http://a]b",)})
    assert "[bold red]x[/] :smile: [link=http://a]b" in printed(marked)


def test_traps_do_nothing(traps: Report) -> None:
    text = printed(traps)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)
    assert "##vso[" not in text
    assert not [line for line in text.splitlines() if re.match(r"\s*::\w+.*::", line)]


def test_two_reports_stand_side_by_side(failed: Report, passed: Report) -> None:
    stream = io.StringIO()
    show_both(compare(passed, failed), stream=stream)
    rows = [re.sub(r" {2,}", "  ", line).strip() for line in stream.getvalue().splitlines()]
    assert "load.latency  absent  failed  worse" in rows
    assert "latency_p99  312 ms" in rows
    assert "response-schema  $.positive  new" in rows
    assert "startup.ready  passed  passed" in rows
    assert rows[-1] == "verdict: pass became fail; 3 worse of 5 checks"


def test_traps_do_nothing_side_by_side(passed: Report, traps: Report) -> None:
    stream = io.StringIO()
    show_both(compare(traps, passed), stream=stream)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", stream.getvalue())
    assert not re.search(r"^\s*(::|##)", stream.getvalue(), re.MULTILINE)
