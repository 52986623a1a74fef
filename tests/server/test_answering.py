"""The one rule: what is answered of a digest, for every state that a ledger can be in."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.ledger import Ledger
from harness.server.answering import Answer, answer_for, sha256_of
from harness.server.settings import Settings

DIGEST = "sha256:" + "1" * 64
MANIFEST = "sha256:" + "9" * 64
NOON = dt.datetime(2026, 8, 23, 12, 0, tzinfo=dt.UTC)
Make = Callable[..., bytes]


@pytest.fixture
def ask(ledger: Ledger) -> Callable[..., Answer]:
    """`ask(digest=DIGEST, policy="policy", at=NOON, **settings)`."""

    def asked(
        digest: str = DIGEST, policy: str = "policy", at: dt.datetime = NOON, **settings: Any
    ) -> Answer:
        return answer_for(ledger, Settings.model_validate(settings), digest, policy, at)

    return asked


def hours(count: float) -> dt.timedelta:
    """So many hours."""
    return dt.timedelta(hours=count)


@pytest.mark.parametrize(
    ("verdict", "opens"), [("pass", True), ("fail", False), ("inconclusive", None), ("error", None)]
)
def test_a_fresh_report_is_told_as_it_is(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make, verdict: str, opens: bool | None
) -> None:
    entry, _ = ledger.add(make_report(verdict, finished_at=NOON), publisher="ci", now=NOON)
    answer = ask()
    assert answer.verdict == verdict and answer.entry == entry
    assert answer.body["verdict"] == verdict and answer.body["pass"] is opens


@pytest.mark.parametrize("digest", [DIGEST, "1" * 64, MANIFEST])
def test_an_image_is_known_by_its_configuration_and_by_its_manifest(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make, digest: str
) -> None:
    ledger.add(make_report(finished_at=NOON, manifest_digest=MANIFEST), publisher="ci", now=NOON)
    assert ask(digest).verdict == "pass"


def test_a_pass_expires_at_its_age_and_not_a_second_sooner(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make
) -> None:
    ledger.add(make_report(finished_at=NOON), publisher="ci", now=NOON)
    ends = NOON + hours(2)
    before = ask(at=ends - dt.timedelta(seconds=1), max_age="2 h")
    assert (before.verdict, before.until) == ("pass", ends)
    assert before.body["expires_at"] == "2026-08-23T14:00:00Z"
    after = ask(at=ends, max_age="2 h")
    assert (after.verdict, after.body["pass"], after.until) == ("expired", None, None)
    assert "held until 2026-08-23T14:00:00Z" in after.body["reason"]


def test_a_pass_by_a_waiver_expires_with_the_waivers_last_day(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make
) -> None:
    body = make_report("pass", finished_at=NOON, waived_until="2026-08-24")
    ledger.add(body, publisher="ci", now=NOON)
    midnight = dt.datetime(2026, 8, 25, tzinfo=dt.UTC)
    assert ask(at=midnight - dt.timedelta(seconds=1)).verdict == "pass"
    assert ask(at=midnight).verdict == "expired"


@pytest.mark.parametrize("verdict", ["fail", "inconclusive", "error"])
def test_what_is_no_pass_does_not_age(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make, verdict: str
) -> None:
    ledger.add(make_report(verdict, finished_at=NOON), publisher="ci", now=NOON)
    answer = ask(at=NOON + hours(24 * 365))
    assert answer.verdict == verdict and answer.body["expires_at"] is None


@pytest.mark.parametrize("verdict", ["fail", "inconclusive", "error"])
def test_a_newer_report_closes_what_was_open(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make, verdict: str
) -> None:
    ledger.add(make_report(verdict, finished_at=NOON), publisher="ci", now=NOON)
    ledger.add(make_report("pass", finished_at=NOON - hours(1)), publisher="ci", now=NOON)
    assert ask().verdict == verdict


def test_a_digest_without_a_report_is_unknown_and_says_where_there_is_one(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make
) -> None:
    assert ask().body["reason"] == "no report of this digest under policy 'policy'"
    ledger.add(make_report(policy="stg", finished_at=NOON), publisher="ci", now=NOON)
    answer = ask()
    assert (answer.verdict, answer.entry, answer.body["pass"]) == ("unknown", None, None)
    assert answer.body["reason"].endswith("there is one under stg")
    assert ask(policy="stg").verdict == "pass"


@pytest.mark.parametrize(
    "digest",
    ["", "sentiment:1.4.0", "sha256:", "sha256:" + "g" * 64, "sha512:" + "1" * 64, "1" * 63,
     "' OR 1=1 --", "\x00" * 64, "sha256:" + "1" * 64 + "\n", "../../etc/passwd", "\ud800"],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_digest_is_unknown(ask: Callable[..., Answer], digest: str) -> None:
    answer = ask(digest)
    assert answer.verdict == "unknown" and "no digest, expected sha256:" in answer.body["reason"]


@pytest.mark.parametrize("policy", ["\x00", "a\nb", "\ud800", "x" * 201], ids=ascii)
def test_a_policy_that_no_database_could_look_for_is_unknown(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make, policy: str
) -> None:
    ledger.add(make_report(finished_at=NOON), publisher="ci", now=NOON)
    assert ask(policy=policy).verdict == "unknown"


def test_a_gate_at_work_is_told_where_nothing_holds(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make
) -> None:
    ledger.announce(DIGEST, "policy", "sentiment", 2, 7, "ci", 60, now=NOON)
    answer = ask()
    assert (answer.verdict, answer.body["progress"]) == ("running", "2/7 checks")
    assert answer.until == NOON + dt.timedelta(seconds=60)
    assert ask(at=NOON + dt.timedelta(seconds=60)).verdict == "unknown"
    assert ask(policy="prd").verdict == "unknown"


@pytest.mark.parametrize("verdict", ["pass", "fail", "inconclusive", "error"])
def test_a_gate_at_work_takes_nothing_away_from_a_report_that_holds(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make, verdict: str
) -> None:
    ledger.add(make_report(verdict, finished_at=NOON), publisher="ci", now=NOON)
    ledger.announce(DIGEST, "policy", "sentiment", 0, 7, "ci", 60, now=NOON)
    assert ask().verdict == verdict


def test_a_gate_at_work_comes_before_an_expired_pass(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make
) -> None:
    ledger.add(make_report(finished_at=NOON - hours(3)), publisher="ci", now=NOON)
    ledger.announce(DIGEST, "policy", "sentiment", 0, 7, "ci", 60, now=NOON)
    assert ask(max_age="2 h").verdict == "running"


def test_a_report_under_a_policy_that_is_not_the_pinned_one_counts_as_none(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make
) -> None:
    theirs, ours = "sha256:" + "2" * 64, "sha256:" + "4" * 64
    ledger.add(make_report(finished_at=NOON, policy_digest=theirs), publisher="ci", now=NOON)
    pinned = {"policies": {"policy": {"digests": [ours]}}}
    answer = ask(**pinned)
    assert answer.verdict == "unknown" and "not pinned" in answer.body["reason"]
    assert ask(policies={"policy": {"digests": [ours, theirs]}}).verdict == "pass"
    assert ask(policies={"prd": {"digests": [ours]}}).verdict == "pass"


def test_every_answer_has_the_keys_that_conditions_are_written_for(
    ask: Callable[..., Answer], ledger: Ledger, make_report: Make
) -> None:
    ledger.add(make_report(finished_at=NOON), publisher="ci", now=NOON)
    ledger.announce(DIGEST, "prd", "sentiment", 1, 7, "ci", 60, now=NOON)
    told, running, unknown = ask(), ask(policy="prd"), ask(policy="sit")
    wanted = {"schema", "verdict", "pass", "score", "subject_sha256", "policy", "reason",
              "progress", "checks", "metrics", "expires_at"}  # fmt: skip
    for answer in (told, running, unknown):
        assert wanted <= set(answer.body)
        assert set(answer.body["checks"]) == set(told.body["checks"])
        assert len(json.dumps(answer.body, allow_nan=False)) < 2048
        assert answer.body["subject_sha256"] == "1" * 64


def test_a_digest_is_64_hexadecimal_digits_of_sha256() -> None:
    assert sha256_of("a" * 64) == sha256_of("sha256:" + "a" * 64) == "sha256:" + "a" * 64
    assert sha256_of("A" * 64) is None
