"""Reports are stored once, by their content, and found by their digests."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.errors import ReportError
from harness.ledger import Ledger, Refused

CONFIG = "sha256:" + "c" * 64
MANIFEST = "sha256:" + "d" * 64
OTHER = "sha256:" + "e" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
MakeReport = Callable[..., bytes]


def test_a_report_comes_back_byte_for_byte(ledger: Ledger, a_report: MakeReport) -> None:
    body = a_report()
    entry, new = ledger.add(body, publisher="ci", now=LATER)
    assert new
    assert entry.id == hashlib.sha256(body).hexdigest()
    assert ledger.body(entry.id) == body
    assert ledger.entry(entry.id) == entry


def test_an_entry_says_what_the_report_says(ledger: Ledger, a_report: MakeReport) -> None:
    body = a_report("fail", manifest=MANIFEST)
    entry, _ = ledger.add(body, publisher="ci", signed_by="ab" * 32, now=LATER)
    assert (entry.name, entry.reference, entry.policy) == ("digits", "digits:1", "prd")
    assert (entry.config_digest, entry.manifest_digest) == (CONFIG, MANIFEST)
    assert entry.digest == MANIFEST
    assert (entry.verdict, entry.reason) == ("fail", "load.latency failed: it was so")
    assert (entry.finished_at, entry.stored_at) == (NOON, LATER)
    assert entry.started_at == NOON - dt.timedelta(seconds=30)
    assert (entry.publisher, entry.signed_by, entry.size) == ("ci", "ab" * 32, len(body))
    assert json.loads(entry.answer)["report_sha256"] == entry.id


def test_a_report_that_comes_twice_is_there_once(ledger: Ledger, a_report: MakeReport) -> None:
    first, _ = ledger.add(a_report(), publisher="ci", now=LATER)
    again, new = ledger.add(a_report(), publisher="somebody else", now=LATER)
    assert (again, new) == (first, False)
    assert len(ledger.entries().entries) == 1


def test_of_many_who_add_the_same_report_at_once_one_is_first(
    ledger: Ledger, a_report: MakeReport
) -> None:
    body, ready = a_report(), threading.Barrier(8)

    def add(number: int) -> bool:
        ready.wait()
        return ledger.add(body, publisher=f"ci-{number}", now=LATER)[1]

    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(add, range(8)))
    assert sorted(new) == [False] * 7 + [True]
    assert len(ledger.entries().entries) == 1


def test_of_many_who_add_at_once_nothing_is_lost(ledger: Ledger, a_report: MakeReport) -> None:
    bodies = [a_report(latency=10.0 + number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda body: ledger.add(body, publisher="ci", now=LATER), bodies))
    assert all(new for _, new in made)
    assert {entry.id for entry in ledger.entries().entries} == {entry.id for entry, _ in made}


@pytest.mark.parametrize("verdict", ["fail", "error", "inconclusive"])
def test_a_newer_run_that_knows_only_the_configuration_closes_the_manifest_too(
    ledger: Ledger, a_report: MakeReport, verdict: str
) -> None:
    ledger.add(a_report(manifest=MANIFEST), publisher="ci", now=LATER)
    closing, _ = ledger.add(a_report(verdict, finished=LATER), publisher="ci", now=LATER)
    assert ledger.latest(MANIFEST, "prd") == closing
    assert closing in ledger.entries(digest=MANIFEST).entries


def test_a_pass_of_the_configuration_alone_opens_no_manifest(
    ledger: Ledger, a_report: MakeReport
) -> None:
    ledger.add(a_report(manifest=MANIFEST, policy="stg"), publisher="ci", now=LATER)
    ledger.add(a_report(finished=LATER), publisher="ci", now=LATER)
    assert ledger.latest(MANIFEST, "prd") is None


def test_a_manifest_that_a_run_of_its_configuration_closed_is_as_before_once_that_passes_again(
    ledger: Ledger, a_report: MakeReport
) -> None:
    bound, _ = ledger.add(a_report(manifest=MANIFEST), publisher="ci", now=LATER)
    ledger.add(a_report("fail", finished=NOON + HOUR), publisher="ci", now=NOON + HOUR)
    ledger.add(a_report(finished=NOON + 2 * HOUR), publisher="ci", now=NOON + 2 * HOUR)
    assert ledger.latest(MANIFEST, "prd") == bound


def test_of_a_bound_report_and_the_one_that_it_was_made_of_the_bound_one_speaks_for_the_manifest(
    ledger: Ledger, a_report: MakeReport
) -> None:
    bound, _ = ledger.add(a_report(manifest=MANIFEST), publisher="ci", now=LATER)
    for latency in (10.0, 20.0, 30.0):
        ledger.add(a_report(latency=latency), publisher="ci", now=LATER)
    assert ledger.latest(MANIFEST, "prd") == bound


def test_a_report_of_another_image_does_not_speak_for_a_manifest(
    ledger: Ledger, a_report: MakeReport
) -> None:
    bound, _ = ledger.add(a_report(manifest=MANIFEST), publisher="ci", now=LATER)
    ledger.add(a_report("fail", digest=OTHER, finished=LATER), publisher="ci", now=LATER)
    ledger.add(a_report("fail", digest=None, finished=LATER), publisher="ci", now=LATER)
    ledger.add(a_report("fail", policy="stg", finished=LATER), publisher="ci", now=LATER)
    assert ledger.latest(MANIFEST, "prd") == bound


@pytest.mark.parametrize("digest", [CONFIG, MANIFEST])
def test_either_digest_finds_the_report(ledger: Ledger, a_report: MakeReport, digest: str) -> None:
    entry, _ = ledger.add(a_report(manifest=MANIFEST), publisher="ci", now=LATER)
    assert ledger.latest(digest, "prd") == entry
    assert ledger.policies(digest) == ("prd",)


def test_no_report_is_found_under_another_digest_or_policy(
    ledger: Ledger, a_report: MakeReport
) -> None:
    ledger.add(a_report(), publisher="ci", now=LATER)
    assert ledger.latest(OTHER, "prd") is None
    assert ledger.latest(CONFIG, "stg") is None
    assert ledger.policies(OTHER) == ()


@pytest.mark.parametrize("verdict", ["fail", "error", "inconclusive"])
def test_a_newer_report_that_is_no_pass_closes_the_gate(
    ledger: Ledger, a_report: MakeReport, verdict: str
) -> None:
    newer = a_report(verdict, finished=NOON + dt.timedelta(seconds=1))
    for body in (newer, a_report()):  # the order of their coming does not matter
        ledger.add(body, publisher="ci", now=LATER)
    found = ledger.latest(CONFIG, "prd")
    assert found is not None and found.verdict == verdict


@pytest.mark.parametrize("worse", ["fail", "error", "inconclusive"])
def test_of_two_reports_of_one_moment_the_worse_speaks(
    ledger: Ledger, a_report: MakeReport, worse: str
) -> None:
    for verdict in (worse, "pass"):
        ledger.add(a_report(verdict), publisher="ci", now=LATER)
    found = ledger.latest(CONFIG, "prd")
    assert found is not None and found.verdict == worse


def test_a_failure_that_was_bound_closes_the_unbound_pass(
    ledger: Ledger, a_report: MakeReport
) -> None:
    ledger.add(a_report(), publisher="ci", now=LATER)
    failed = a_report("fail", manifest=MANIFEST, finished=NOON + dt.timedelta(seconds=1))
    ledger.add(failed, publisher="ci", now=LATER)
    found = ledger.latest(CONFIG, "prd")
    assert found is not None and found.verdict == "fail"


def test_a_report_from_the_future_is_refused(ledger: Ledger, a_report: MakeReport) -> None:
    body = a_report(finished=NOON)
    early = NOON - dt.timedelta(minutes=5, seconds=1)
    with pytest.raises(Refused, match="is in the future"):
        ledger.add(body, publisher="ci", now=early)
    assert ledger.latest(CONFIG, "prd") is None
    ledger.add(body, publisher="ci", now=early + dt.timedelta(seconds=1))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"{}", "/schema_version"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"schema_version": "2.0"}', "newer"),
        (b'{"schema_version": "1.0", "schema_version": "1.0"}', "given twice"),
    ],
)
def test_what_is_no_report_is_not_stored(sqlite_ledger: Ledger, body: bytes, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        sqlite_ledger.add(body, publisher="ci")
    assert sqlite_ledger.entries().entries == ()


def test_a_report_that_comes_ends_its_announcement(ledger: Ledger, a_report: MakeReport) -> None:
    for policy in ("prd", "stg"):
        ledger.announce(CONFIG, policy, "digits", 2, 7, "ci", 60, now=NOON)
    ledger.add(a_report(), publisher="ci", now=NOON)
    assert ledger.running(CONFIG, "prd", now=NOON) is None
    assert ledger.running(CONFIG, "stg", now=NOON) is not None


@pytest.mark.parametrize("key", ["", "0" * 63, "0" * 64, "G" * 64, "'; DROP TABLE reports; --"])
def test_there_is_nothing_under_an_id_that_is_none(sqlite_ledger: Ledger, key: str) -> None:
    assert sqlite_ledger.entry(key) is None
    assert sqlite_ledger.body(key) is None


@pytest.mark.parametrize("digest", ["", "sha256:", "c" * 64, "sha256:" + "C" * 64, "' OR 1=1 --"])
def test_a_digest_that_is_none_is_refused(sqlite_ledger: Ledger, digest: str) -> None:
    with pytest.raises(Refused, match="is no digest"):
        sqlite_ledger.latest(digest, "prd")
    with pytest.raises(Refused, match="is no digest"):
        sqlite_ledger.policies(digest)


def test_a_policy_is_looked_up_as_it_is_written(ledger: Ledger, a_report: MakeReport) -> None:
    ledger.add(a_report(), publisher="ci", now=LATER)
    for policy in ("PRD", "prd' OR '1'='1", "%", "p_d"):
        assert ledger.latest(CONFIG, policy) is None
