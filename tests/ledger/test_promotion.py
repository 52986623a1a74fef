"""A digest holds an environment by a report that passed it, and in no other way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.ledger import Ledger, Refused

CONFIG = "sha256:" + "c" * 64
MANIFEST = "sha256:" + "d" * 64
OTHER = "sha256:" + "e" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(hours=1)
ORDER = ("sit", "stg", "prd")
MakeReport = Callable[..., bytes]


def test_a_digest_that_passed_holds_the_environment(ledger: Ledger, a_report: MakeReport) -> None:
    entry, _ = ledger.add(a_report(), publisher="ci", now=LATER)
    held = ledger.promote(CONFIG, "prd", by="anna", now=LATER)
    assert (held.environment, held.name, held.digest) == ("prd", "digits", CONFIG)
    assert (held.report, held.by, held.since, held.until) == (entry.id, "anna", LATER, None)
    assert ledger.holders() == {"prd": (held,)}
    assert ledger.history("prd") == (held,)


@pytest.mark.parametrize("verdict", ["fail", "error", "inconclusive"])
def test_a_digest_cannot_hold_what_it_did_not_pass(
    ledger: Ledger, a_report: MakeReport, verdict: str
) -> None:
    ledger.add(a_report(), publisher="ci", now=LATER)
    newer = a_report(verdict, finished=NOON + dt.timedelta(seconds=1))
    ledger.add(newer, publisher="ci", now=LATER)
    with pytest.raises(Refused, match=f"did not pass 'prd': {verdict}"):
        ledger.promote(CONFIG, "prd", by="anna", now=LATER)
    assert ledger.holders() == {}


def test_a_pass_of_another_policy_or_digest_does_not_count(
    ledger: Ledger, a_report: MakeReport
) -> None:
    ledger.add(a_report(policy="stg"), publisher="ci", now=LATER)
    ledger.add(a_report(digest=OTHER), publisher="ci", now=LATER)
    with pytest.raises(Refused, match="no report under the policy 'prd'"):
        ledger.promote(CONFIG, "prd", by="anna", now=LATER)


def test_an_old_pass_does_not_count(ledger: Ledger, a_report: MakeReport) -> None:
    ledger.add(a_report(), publisher="ci", now=LATER)
    hour = dt.timedelta(hours=1)
    with pytest.raises(Refused, match="expired at 2026-11-21 13:00:00 UTC"):
        ledger.promote(CONFIG, "prd", by="anna", now=NOON + hour, max_age=hour)
    ledger.promote(CONFIG, "prd", by="anna", now=NOON + hour / 2, max_age=hour)


def test_a_pass_on_a_waiver_that_ran_out_does_not_count(
    ledger: Ledger, a_report: MakeReport
) -> None:
    ledger.add(a_report(waived_until="2026-11-30"), publisher="ci", now=LATER)
    with pytest.raises(Refused, match="expired at 2026-12-01"):
        ledger.promote(CONFIG, "prd", by="anna", now=dt.datetime(2026, 12, 1, tzinfo=dt.UTC))


def test_a_policy_of_another_text_does_not_count(ledger: Ledger, a_report: MakeReport) -> None:
    entry, _ = ledger.add(a_report(), publisher="ci", now=LATER)
    for pinned in ([OTHER], []):
        with pytest.raises(Refused, match="under another text of the policy"):
            ledger.promote(CONFIG, "prd", by="anna", now=LATER, pinned=pinned)
    ledger.promote(CONFIG, "prd", by="anna", now=LATER, pinned=[OTHER, entry.policy_digest])


def test_environments_are_held_in_their_order(ledger: Ledger, a_report: MakeReport) -> None:
    for policy in ORDER:
        ledger.add(a_report(policy=policy), publisher="ci", now=LATER)
    with pytest.raises(Refused, match="never held 'stg', which comes before 'prd'"):
        ledger.promote(CONFIG, "prd", by="anna", order=ORDER, now=LATER)
    for environment in ORDER:
        ledger.promote(CONFIG, environment, by="anna", order=ORDER, now=LATER)
    assert set(ledger.holders()) == set(ORDER)


def test_an_environment_outside_the_order_is_refused(ledger: Ledger, a_report: MakeReport) -> None:
    ledger.add(a_report(policy="qa"), publisher="ci", now=LATER)
    with pytest.raises(Refused, match="expected one of sit, stg, prd"):
        ledger.promote(CONFIG, "qa", by="anna", order=ORDER, now=LATER)


def test_an_image_keeps_its_place_when_it_gets_its_second_digest(
    ledger: Ledger, a_report: MakeReport
) -> None:
    ledger.add(a_report(policy="stg"), publisher="ci", now=LATER)
    ledger.add(a_report(policy="prd", manifest=MANIFEST), publisher="ci", now=LATER)
    ledger.promote(CONFIG, "stg", by="anna", order=("stg", "prd"), now=LATER)
    held = ledger.promote(MANIFEST, "prd", by="anna", order=("stg", "prd"), now=LATER)
    assert held.digest == MANIFEST


def test_the_digest_before_it_makes_room(ledger: Ledger, a_report: MakeReport) -> None:
    ledger.add(a_report(), publisher="ci", now=LATER)
    ledger.add(a_report(digest=OTHER), publisher="ci", now=LATER)
    ledger.add(a_report(name="fraud", digest=MANIFEST), publisher="ci", now=LATER)
    for digest in (CONFIG, MANIFEST, OTHER):
        ledger.promote(digest, "prd", by="anna", now=LATER)
    assert [(held.name, held.digest) for held in ledger.holders()["prd"]] == [
        ("digits", OTHER),
        ("fraud", MANIFEST),
    ]
    history = [(held.digest, held.until) for held in ledger.history("prd")]
    assert history == [(OTHER, None), (MANIFEST, None), (CONFIG, LATER)]


def test_a_digest_that_holds_it_already_stays_as_it_is(
    ledger: Ledger, a_report: MakeReport
) -> None:
    ledger.add(a_report(), publisher="ci", now=LATER)
    first = ledger.promote(CONFIG, "prd", by="anna", now=LATER)
    again = ledger.promote(CONFIG, "prd", by="ben", now=LATER + dt.timedelta(hours=1))
    assert again == first
    assert ledger.history("prd") == (first,)


def test_of_many_who_promote_at_once_one_holds_it(ledger: Ledger, a_report: MakeReport) -> None:
    digests = ["sha256:" + letter * 64 for letter in "01234567"]
    for digest in digests:
        ledger.add(a_report(digest=digest), publisher="ci", now=LATER)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda d: ledger.promote(d, "prd", by="anna", now=LATER), digests))
    assert len(ledger.holders()["prd"]) == 1
    assert {held.digest for held in ledger.history("prd")} == set(digests)
