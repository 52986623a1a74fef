"""Reports for the tests of the report: one that failed in several ways, and one full of traps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from harness.config import Policy
from harness.model import (
    Candidate,
    CheckResult,
    Declared,
    Evidence,
    Finding,
    JudgedMeasurement,
    Outcome,
    Severity,
    Waiver,
)
from harness.report import Report, build
from harness.verdict import decide

TRAP = (
    "<script>alert(1)</script> \x1b[31mred\x1b]0;title\x07 \u202egnp.exe `tick` | [a](http://evil)"
    "\n::error file=a::boom\n##vso[task.complete]done\n@maintainer www.evil.example #12\x00\ud800"
)
LATENCY = CheckResult(
    "load.latency",
    1,
    "Answers stay within the latency budget",
    Outcome.FAILED,
    "latency_p99 = 312 ms, must be <= 250 ms (interval 290 to 340 ms, n = 2000)",
    measurements=(
        JudgedMeasurement(
            "latency_p99", 312.0, "ms", 290.0, 340.0, 2000, "<= 250 ms", Outcome.FAILED
        ),
        JudgedMeasurement("latency_p95", 180.0, "ms", 170.0, 190.0, 2000),
    ),
    evidence=(
        Evidence(
            "histogram",
            "Latency",
            {
                "unit": "ms",
                "edges": [0, 100, 200, 400],
                "counts": [5, 80, 15],
                "marks": {"p99": 312},
            },
        ),
    ),
    duration_s=30.1,
    declared=Declared({"latency_p99": "<= 250 ms"}, ("latency_p95",)),
)
RESPONSE = CheckResult(
    "contract.response",
    1,
    "Every answer matches the schema",
    Outcome.FAILED,
    "not of the promised type (at $.positive)",
    measurements=(JudgedMeasurement("answers", 240.0),),
    findings=(
        Finding("extra", "a key more", severity=Severity.WARNING, location="$.score"),
        Finding(
            "response-schema",
            "not of the promised type",
            location="$.positive",
            expected="boolean",
            received='"false"',
            reproduce="curl -s http://127.0.0.1:5000/predict --data-raw '[\"good\"]'",
        ),
    ),
    duration_s=1.5,
)
ROOT_USER = CheckResult(
    "image.root_user",
    1,
    "The container does not run as root",
    Outcome.FAILED,
    "runs as root",
    findings=(Finding("root-user", "runs as root"),),
)
READY = CheckResult(
    "startup.ready",
    1,
    "The candidate starts",
    Outcome.PASSED,
    measurements=(JudgedMeasurement("requests", 1.0),),
    duration_s=2.84,
)
BATCH = CheckResult(
    "behaviour.batch",
    1,
    "Rows alone equal rows together",
    Outcome.SKIPPED,
    "the contract has no batch",
    declared=Declared(applies=False),
)
POLICY = Policy(
    "prd",
    0.95,
    ("startup", "contract", "load", "image"),
    {},
    (Waiver("image.root_user", "fix is in review: OPS-212", "2027-01-31"),),
)

Making = Callable[..., Report]


@pytest.fixture
def make() -> Making:
    """Build a report of the given results under a policy."""

    def report(
        results: tuple[CheckResult, ...] = (READY, RESPONSE, LATENCY, ROOT_USER, BATCH),
        policy: Policy = POLICY,
        logs: str = "listening on 5000",
        name: str = "sentiment",
    ) -> Report:
        today = dt.date(2026, 11, 21)
        return build(
            decide(results, policy.required, policy.waivers, today, policy.limits),
            candidate=Candidate(
                name, "sentiment:1.4.0", "sha256:" + "9f" * 32, None, "linux/amd64"
            ),
            policy=policy,
            gate_digest="sha256:" + "ab" * 32,
            gate_path="gate.toml",
            environment={"runtime": "docker", "cpus": 2, "tensorflow": None, "ci": True},
            logs=logs,
            started_at="2026-11-21T07:28:00+00:00",
            finished_at="2026-11-21T08:28:51.5+01:00",
        )

    return report


@pytest.fixture
def failed(make: Making) -> Report:
    """Two checks failed, one failure is waived, one check passed, one was skipped."""
    return make()


@pytest.fixture
def passed(make: Making) -> Report:
    """Everything that is required passed."""
    return make((READY,), Policy("policy", 0.95, ("startup",)))


@pytest.fixture
def traps(make: Making) -> Report:
    """Every text that a candidate or a check can choose holds a trap."""
    finding = Finding(
        TRAP, TRAP, location=TRAP, expected=TRAP, received=TRAP, reproduce="curl '" + TRAP + "'"
    )
    evil = CheckResult(
        f"contract.evil[{TRAP}]",
        1,
        TRAP,
        Outcome.FAILED,
        TRAP,
        measurements=(
            JudgedMeasurement(TRAP, 1.0, TRAP, limit=TRAP, outcome=Outcome.ERRORED),
            JudgedMeasurement(TRAP, 3.0, "ms", limit="<= 2 ms", outcome=Outcome.FAILED),
        ),
        findings=(finding,),
        evidence=(
            Evidence("text", TRAP, {"text": TRAP}),
            Evidence("bars", TRAP, {"unit": TRAP, "labels": [TRAP], "series": {TRAP: [1.0]}}),
            Evidence("series", TRAP, {"unit": TRAP, "x": [0, 1], "series": {TRAP: [1.0, None]}}),
            Evidence(
                "histogram",
                TRAP,
                {"edges": [0, 1], "counts": [1], "marks": {TRAP: 0.5}, "unit": TRAP},
            ),
            Evidence(
                "matrix",
                TRAP,
                {"rows": [TRAP], "columns": [TRAP], "cells": [[1]], "down": TRAP, "across": TRAP},
            ),
            Evidence("scatter", TRAP, {"x_name": TRAP, "points": [{"name": TRAP, "x": 1, "y": 1}]}),
            Evidence(TRAP, TRAP, {TRAP: TRAP}),
        ),
    )
    return make((evil, READY), logs=TRAP, name=TRAP)
