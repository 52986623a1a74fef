"""The report holds the decision and the facts around it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from harness import __version__
from harness.config import Policy
from harness.model import Candidate, Verdict
from harness.report import Report, build
from harness.verdict import Decision


def test_the_verdict_is_the_decision(failed: Report) -> None:
    assert failed.verdict is Verdict.FAIL
    assert failed.reasons[0].startswith("contract.response failed: ")
    assert [check.required for check in failed.checks] == [True, True, True, True, False]


def test_the_policy_is_recorded_whole(failed: Report) -> None:
    assert failed.policy.name == "prd"
    assert failed.policy.digest.startswith("sha256:")
    assert failed.policy.required == ("startup", "contract", "load", "image")
    assert failed.policy.applied_on == "2026-11-21"


def test_times_are_kept_in_utc(failed: Report) -> None:
    assert failed.finished_at.isoformat() == "2026-11-21T07:28:51.500000+00:00"
    assert failed.finished_at.tzinfo is dt.UTC


def test_the_tool_signs_with_its_version(failed: Report) -> None:
    assert (failed.tool.name, failed.tool.version) == ("releasegate", __version__)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        build(
            Decision(Verdict.PASS, (), ()),
            candidate=Candidate("a", "b"),
            policy=Policy("p", 0.95, ("x",)),
            gate_digest="sha256:0",
            environment={},
            started_at="2026-11-21T07:28:00",
            finished_at="2026-11-21T07:28:00+00:00",
        )


def test_text_that_cannot_be_written_is_mended(make: Callable[..., Report]) -> None:
    report = make(name="a\ud800", logs="b\udfff")
    assert report.subject.name.startswith("a\ufffd")
    assert report.logs.startswith("b\ufffd")
