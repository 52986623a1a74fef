"""The flat answer: small, finite, on safe keys, and never better than the report."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest

from harness.config import Policy
from harness.model import (
    Candidate,
    CheckResult,
    Declared,
    JudgedMeasurement,
    Outcome,
    Verdict,
    Waiver,
)
from harness.report import Report, build
from harness.report.flat import flat, measured, metric_name, one_line
from harness.verdict import decide

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
CONFIG = "sha256:" + "c" * 64
MANIFEST = "sha256:" + "d" * 64
SHA = "ab" * 32


def check(name: str, outcome: Outcome, *rows: JudgedMeasurement) -> CheckResult:
    """One required check."""
    reason = "" if outcome is Outcome.PASSED else "it was so"
    return CheckResult(name, 1, "", outcome, reason, measurements=rows)


def report_of(*results: CheckResult, manifest: str | None = None, waived: str = "") -> Report:
    """A report of those checks, all required, under the policy `prd`."""
    waivers = (Waiver(waived, "OPS-212", "2026-12-01"),) if waived else ()
    required = tuple(result.id for result in results) or ("load",)
    policy = Policy("prd", 0.95, required, {}, waivers)
    return build(
        decide(results, policy.required, policy.waivers, NOON.date()),
        candidate=Candidate("digits", "digits:1", CONFIG, manifest),
        policy=policy,
        gate_digest="sha256:" + "9" * 64,
        environment={},
        started_at=NOON,
        finished_at=NOON,
    )


def row(name: str, value: float | None, limit: str | None = None) -> JudgedMeasurement:
    """A measurement, passed where a limit holds it."""
    return JudgedMeasurement(name, value, limit=limit, outcome=Outcome.PASSED if limit else None)


def test_a_pass_says_so_in_every_way() -> None:
    latency = row("latency_p99", 41.5, "<= 80 ms")
    answer = flat(report_of(check("load.latency", Outcome.PASSED, latency)), SHA)
    assert answer == {
        "schema": "releasegate.dev/verdict/v1",
        "verdict": "pass",
        "pass": True,
        "score": 100.0,
        "subject_sha256": "c" * 64,
        "reason": "The gate is open: every required check passed.",
        "progress": "1/1 checks",
        "checks": {
            "total": 1,
            "passed": 1,
            "failed": 0,
            "inconclusive": 0,
            "error": 0,
            "skipped": 0,
            "waived": 0,
        },
        "metrics": {"load_latency_p99": 41.5},
        "report_sha256": SHA,
        "evaluated_at": "2026-11-21T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("outcome", "verdict", "passed"),
    [
        (Outcome.FAILED, "fail", False),
        (Outcome.ERRORED, "error", None),
        (Outcome.INCONCLUSIVE, "inconclusive", None),
        (Outcome.SKIPPED, "error", None),
    ],
)
def test_what_is_no_pass_is_never_true_and_never_scores_full(
    outcome: Outcome, verdict: str, passed: bool | None
) -> None:
    answer = flat(report_of(check("load.latency", outcome)), SHA)
    assert (answer["verdict"], answer["pass"]) == (verdict, passed)
    assert answer["score"] < 100
    assert "it was so" in answer["reason"] or answer["reason"] == "nothing ran"


def test_a_report_whose_required_check_is_absent_does_not_score_full() -> None:
    passed = check("load.latency", Outcome.PASSED)
    report = report_of(passed)
    policy = Policy("prd", 0.95, ("load", "accuracy"))
    decision = decide([passed], policy.required, (), NOON.date())
    forgotten = report.model_copy(
        update={"verdict": decision.verdict, "reasons": decision.reasons, "checks": (passed,)}
    )
    assert decision.verdict is Verdict.ERROR
    assert flat(forgotten, SHA)["score"] < 100


def test_checks_are_counted_by_what_became_of_them() -> None:
    answer = flat(
        report_of(
            check("load.a", Outcome.PASSED),
            check("load.b", Outcome.FAILED),
            check("load.c", Outcome.INCONCLUSIVE),
            check("load.d", Outcome.SKIPPED),
            check("image.root_user", Outcome.FAILED),
            waived="image.root_user",
        ),
        SHA,
    )
    assert answer["checks"] == {
        "total": 5,
        "passed": 1,
        "failed": 1,
        "inconclusive": 1,
        "error": 0,
        "skipped": 1,
        "waived": 1,
    }
    assert answer["progress"] == "4/5 checks"
    assert answer["score"] == 50.0


def test_what_only_informs_is_not_counted() -> None:
    advisory = CheckResult(
        "load.caching", 1, "", Outcome.FAILED, "x", declared=Declared(advisory=True)
    )
    results = [check("load.latency", Outcome.PASSED), advisory]
    policy = Policy("prd", 0.95, ("load",))
    decision = decide(results, policy.required, (), NOON.date())
    report = report_of().model_copy(
        update={"verdict": decision.verdict, "checks": decision.results}
    )
    answer = flat(report, SHA)
    assert (answer["verdict"], answer["score"], answer["checks"]["total"]) == ("pass", 100.0, 1)


def test_the_subject_is_the_manifest_once_it_was_pushed() -> None:
    report = report_of(check("load.latency", Outcome.PASSED), manifest=MANIFEST)
    assert flat(report, SHA)["subject_sha256"] == "d" * 64


@pytest.mark.parametrize(
    ("family", "measurement", "name"),
    [
        ("load", "latency_p99", "load_latency_p99"),
        ("load", "latency_p99.9", "load_latency_p99_9"),
        ("load", "latency_p95{name=predict}", "load_latency_p95_name_predict"),
    ],
)
def test_a_metric_has_the_name_of_its_family_and_measurement(
    family: str, measurement: str, name: str
) -> None:
    assert metric_name(family, measurement) == name


@pytest.mark.parametrize(
    "measurement",
    ["", "x}{", "a b", "a-b", "Ä", "latency{name=/v1/x}", "A", "x" * 300, "a'] or ['b", "\0", "{}"],
)
def test_any_name_becomes_one_that_a_controller_can_write(measurement: str) -> None:
    for family in ("load", "9", "", "Ä"):
        name = metric_name(family, measurement)
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,119}", name), name


def test_names_that_lose_something_stay_apart() -> None:
    names = ["a-b", "a b", "a/b", "A-b", "a_b", "latency{name=/a}", "latency{name=/A}"]
    assert len({metric_name("load", name) for name in names}) == len(names)


def test_the_worst_of_one_name_speaks_for_it() -> None:
    failed = JudgedMeasurement("drop", 3.0, limit="<= 1 pp", outcome=Outcome.FAILED)
    report = report_of(
        check("accuracy.a", Outcome.PASSED, row("drop", 0.1, "<= 1 pp"), row("n", 5.0)),
        check("accuracy.b", Outcome.FAILED, failed),
        check("accuracy.c", Outcome.PASSED, row("drop", 0.2)),
    )
    assert flat(report, SHA)["metrics"] == {"accuracy_drop": 3.0, "accuracy_n": 5.0}


def test_a_value_that_was_not_finite_is_left_out() -> None:
    report = report_of(check("load.a", Outcome.ERRORED, row("x", None, "<= 1"), row("y", 1.0)))
    assert list(measured(report)) == ["load_y"]
    assert flat(report, SHA)["metrics"] == {"load_y": 1.0}


def test_what_a_limit_holds_is_there_and_the_rest_as_there_is_room() -> None:
    rows = [row(f"information_number_{n}", 1 / 3) for n in range(300)]
    rows += [row(f"limited_{n}", 1 / 3, "<= 1") for n in range(20)]
    answer = flat(report_of(check("load.many", Outcome.PASSED, *rows)), SHA)
    shown = list(answer["metrics"])
    assert shown[:20] == [f"load_limited_{n}" for n in range(20)]
    assert 20 < len(shown) < 60
    assert len(json.dumps(answer)) < 2_048


def test_the_metrics_do_not_depend_on_the_values() -> None:
    def names(value: float) -> list[str]:
        rows = [row(f"information_number_{n}", value) for n in range(300)]
        return list(flat(report_of(check("load.many", Outcome.PASSED, *rows)), SHA)["metrics"])

    assert names(1.0) == names(1.2345678901234567e-300)


def test_thousands_of_limits_do_not_make_it_large() -> None:
    rows = [row(f"limited_{n}", 1.0, "<= 1") for n in range(5_000)]
    answer = flat(report_of(check("load.many", Outcome.PASSED, *rows)), SHA)
    assert len(answer["metrics"]) == 200


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("short", "short"),
        ("two\nlines\x00 \x1b[31mred\x1b[0m", "two lines red"),
        ("ä" * 200, "ä" * 126 + "..."),
        ("x" * 256, "x" * 256),
        ("x" * 257, "x" * 253 + "..."),
    ],
)
def test_a_reason_is_one_line_of_bounded_bytes(text: str, line: str) -> None:
    assert one_line(text) == line
    assert len(one_line(text).encode()) <= 256


def test_a_report_full_of_traps_gives_a_harmless_answer(traps: Report) -> None:
    text = json.dumps(flat(traps, SHA), allow_nan=False)
    assert not re.search(r"\\u00|\\n|\\u202e|(?<!\S)::error", text)
