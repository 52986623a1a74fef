"""What leaves one ledger comes into another as it was, and nothing else does."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.ledger import Ledger, Refused, open_ledger

CONFIG = "sha256:" + "c" * 64
FAILED = "sha256:" + "f" * 64
OTHER = "sha256:" + "e" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(hours=1)
MakeReport = Callable[..., bytes]


@pytest.fixture
def lines(tmp_path: Path, a_report: MakeReport) -> list[bytes]:
    """A ledger of three reports, of which two digests have held prd."""
    ledger = open_ledger(str(tmp_path / "source.sqlite"))
    for body in (a_report(), a_report(digest=OTHER), a_report("fail", name="fraud", digest=FAILED)):
        ledger.add(body, publisher="ci", signed_by="ab" * 32, now=NOON)
    for digest in (CONFIG, OTHER):
        ledger.promote(digest, "prd", by="anna", now=NOON)
    found: list[bytes] = []
    assert ledger.export(found.append) == 3
    ledger.close()
    return found


def edited(line: bytes, **changed: object) -> bytes:
    """The line with other values."""
    return json.dumps({**json.loads(line), **changed}).encode()


def test_everything_arrives_as_it_left(ledger: Ledger, lines: list[bytes]) -> None:
    assert ledger.import_(lines, now=LATER) == (3, 0)
    again: list[bytes] = []
    ledger.export(again.append)
    assert again == lines
    assert [held.digest for held in ledger.history("prd")] == [OTHER, CONFIG]
    assert ledger.names().entries[1].latest["prd"].verdict == "fail"


def test_what_comes_twice_is_there_once(ledger: Ledger, lines: list[bytes]) -> None:
    ledger.import_(lines, now=LATER)
    assert ledger.import_(lines, now=LATER) == (0, 3)
    assert len(ledger.history("prd")) == 2


def test_a_body_that_is_not_its_id_is_refused(sqlite_ledger: Ledger, lines: list[bytes]) -> None:
    body = base64.b64decode(json.loads(lines[2])["body"]).replace(b"digits:1", b"digits:2")
    lines[2] = edited(lines[2], body=base64.b64encode(body).decode())
    with pytest.raises(Refused, match="line 3: the body is not the one of"):
        sqlite_ledger.import_(lines, now=LATER)


def test_a_report_from_the_future_is_refused(sqlite_ledger: Ledger, lines: list[bytes]) -> None:
    with pytest.raises(Refused, match="line 2: /finished_at: .* is in the future"):
        sqlite_ledger.import_(lines, now=NOON - dt.timedelta(hours=1))


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (1, b""),
        (1, b'{"kind":"ledger","version":2}'),
        (2, b"\xff"),
        (2, b'{"kind":"token"}'),
        (2, b'{"kind":"ledger","version":1}'),
        (3, b'{"kind":"report","id":"x"}'),
    ],
)
def test_a_line_that_no_export_wrote_is_refused(
    sqlite_ledger: Ledger, lines: list[bytes], number: int, line: bytes
) -> None:
    lines[number - 1] = line
    with pytest.raises(Refused, match=f"line {number}: "):
        sqlite_ledger.import_(lines, now=LATER)


def test_an_export_without_its_beginning_is_refused(
    sqlite_ledger: Ledger, lines: list[bytes]
) -> None:
    for part in (lines[1:], []):
        with pytest.raises(Refused, match="line 1: not as `gate ledger export` writes it"):
            sqlite_ledger.import_(part, now=LATER)


@pytest.mark.parametrize(
    "changed",
    [
        {"environment": "stg"},
        {"digest": "sha256:" + "0" * 64},
        {"name": "fraud"},
        {"report": "0" * 64},
        {"report": "x"},
    ],
)
def test_a_holding_without_its_pass_is_refused(
    sqlite_ledger: Ledger, lines: list[bytes], changed: dict[str, str]
) -> None:
    lines[4] = edited(lines[4], **changed)
    with pytest.raises(Refused, match="line 5: no report here lets"):
        sqlite_ledger.import_(lines, now=LATER)
    assert sqlite_ledger.holders() == {}


def test_a_failure_lets_nothing_hold_an_environment(
    sqlite_ledger: Ledger, lines: list[bytes]
) -> None:
    failed = json.loads(lines[3])
    lines[4] = edited(lines[4], name="fraud", digest=FAILED, report=failed["id"])
    with pytest.raises(Refused, match="line 5: no report here lets"):
        sqlite_ledger.import_(lines, now=LATER)


def test_what_holds_an_environment_here_is_not_thrown_out(
    ledger: Ledger, lines: list[bytes], a_report: MakeReport
) -> None:
    ledger.add(a_report(), publisher="ci", now=LATER)
    held = ledger.promote(CONFIG, "prd", by="ben", now=LATER)
    with pytest.raises(Refused, match="holds 'prd' here by another promotion"):
        ledger.import_(lines, now=LATER)
    assert ledger.holders() == {"prd": (held,)}


def test_more_reports_than_one_transaction_takes_arrive(
    ledger: Ledger, tmp_path: Path, a_report: MakeReport
) -> None:
    lines = [b'{"kind":"ledger","version":1}']
    source = open_ledger(str(tmp_path / "source.sqlite"))
    entry, _ = source.add(a_report(), publisher="ci", now=NOON)
    found: list[bytes] = []
    source.export(found.append)
    source.close()
    assert ledger.import_([*lines, *[found[1]] * 450], now=LATER) == (1, 449)
    assert ledger.entry(entry.id) is not None
