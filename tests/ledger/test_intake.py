"""What a report may hold before it is stored, and what is drawn out of it."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable

import pytest

from harness.ledger import Point, Refused
from harness.ledger.intake import plain, points, rows

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MakeReport = Callable[..., bytes]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "two\nlines",
        "\x1b[31mred",
        "nul\x00",
        "prd\u200b",
        "\u202egnp.exe",
        " prd",
        "::error::x",
        "x" * 201,
    ],
)
def test_a_name_that_does_not_look_like_what_it_is_is_refused(
    a_report: MakeReport, name: str
) -> None:
    for field in ("name", "policy"):
        with pytest.raises(Refused, match=f"/{field}.*is no name"):
            rows(a_report(**{field: name}), publisher="ci", signed_by="", now=NOON)


@pytest.mark.parametrize("name", ["<script>", "x'; DROP TABLE reports; --", "Größe 大 😀", "a/b:c"])
def test_a_name_may_have_any_letters_that_are_seen(name: str) -> None:
    assert plain(name, "name") == name


@pytest.mark.parametrize("digest", ["", "latest", "sha256:12", "sha512:" + "a" * 128])
def test_a_digest_that_is_none_is_refused(a_report: MakeReport, digest: str) -> None:
    for field in ("digest", "manifest"):
        with pytest.raises(Refused, match="is no digest"):
            rows(a_report(**{field: digest}), publisher="ci", signed_by="", now=NOON)


def test_a_report_of_a_process_has_no_digest_and_is_taken(a_report: MakeReport) -> None:
    made = rows(a_report(digest=None), publisher="ci", signed_by="", now=NOON)
    assert made.report["config_digest"] is None


def test_a_reference_is_shown_on_one_line(a_report: MakeReport) -> None:
    made = rows(
        a_report(reference="a\x1b[2J\nb" + "x" * 9_000), publisher="ci", signed_by="", now=NOON
    )
    assert made.report["reference"].startswith("a bxxx")
    assert len(made.report["reference"]) == 1_000


def test_it_runs_out_with_the_first_waiver_that_is_used(a_report: MakeReport) -> None:
    made = rows(a_report(waived_until="2026-12-01"), publisher="ci", signed_by="", now=NOON)
    assert made.report["verdict"] == "pass"
    assert made.report["expires_on"] == dt.date(2026, 12, 1)


def test_a_run_that_ended_before_it_began_is_refused(a_report: MakeReport) -> None:
    body = a_report().replace(b'"started_at": "2026-11-21', b'"started_at": "2026-11-22')
    with pytest.raises(Refused, match="later than /finished_at"):
        rows(body, publisher="ci", signed_by="", now=NOON)


def test_the_points_of_a_history_are_the_measurements(a_report: MakeReport) -> None:
    made = rows(a_report(latency=41.5), publisher="ci", signed_by="", now=NOON)
    assert points(made.content["points"]) == {
        "load_latency_p99": Point(41.5, 40.5, 42.5, "<= 80 ms", "passed", "ms")
    }


def test_a_body_is_compressed_at_rest(a_report: MakeReport) -> None:
    body = a_report()
    made = rows(body, publisher="ci", signed_by="", now=NOON)
    assert len(made.content["body"]) < len(body) / 2
    assert zlib.decompress(made.content["body"]) == body
