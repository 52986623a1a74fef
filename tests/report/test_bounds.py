"""Whatever a check hands over, the report stays small and JSON."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.model import (
    CheckResult,
    Evidence,
    Finding,
    JudgedMeasurement,
    Outcome,
    Severity,
)
from harness.report.bounds import MAX_FINDINGS, MAX_LOGS, bounded, plain, tail, text

EMPTY = CheckResult("a.b", 1, "t", Outcome.PASSED)


def test_a_long_text_loses_its_middle_and_says_so() -> None:
    shown = text("a" * 5_000 + "b" * 5_000, 100)
    assert shown == "a" * 50 + " [... 9900 characters left out ...] " + "b" * 50


def test_a_log_keeps_its_end() -> None:
    assert tail("x" * 10 + "end", 3) == "[... 10 characters left out ...]\nend"
    assert len(tail("y" * 10 * MAX_LOGS)) < MAX_LOGS + 100


def test_half_of_a_character_becomes_one_that_can_be_written() -> None:
    assert text("a\ud800b").encode() == "a\ufffd\ufffd\ufffdb".encode()


def test_too_many_findings_keep_the_weightiest_and_the_count() -> None:
    notes = tuple(Finding("n", "note", severity=Severity.INFO) for _ in range(300))
    result = bounded(replace(EMPTY, findings=(*notes, Finding("bad", "broken"))))
    assert len(result.findings) == MAX_FINDINGS + 1
    assert result.findings[0].rule == "bad"
    assert result.findings[-1].message == "101 more findings were left out"
    assert result.findings[-1].severity is Severity.INFO


def test_numbers_of_numpy_become_numbers_of_json() -> None:
    row = JudgedMeasurement("x", np.float64(1.5), "", np.float64(1), None, int(np.int64(7)))
    (found,) = bounded(replace(EMPTY, measurements=(row,))).measurements
    assert [type(found.value), type(found.low), type(found.n)] == [float, float, int]


def test_a_measurement_that_is_not_finite_has_no_value() -> None:
    row = JudgedMeasurement("x", math.nan, "", -math.inf)
    (found,) = bounded(replace(EMPTY, measurements=(row,))).measurements
    assert (found.value, found.low) == (None, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.inf, None),
        (10**400, None),
        (2**70, 2.0**70),
        (True, True),
        ((1, 2), [1, 2]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(5), 5),
        (np.float32(0.5), 0.5),
        ({1: None}, {"1": None}),
        (b"raw", "b'raw'"),
        ({"a"}, "{'a'}"),
    ],
)
def test_evidence_becomes_json(value: object, expected: object) -> None:
    assert plain(value, 5) == expected


def test_evidence_that_holds_itself_comes_to_an_end() -> None:
    data: dict[str, object] = {}
    data["again"] = data
    assert plain(data, 2) == {"again": {"again": "{'again': {...}}"}}


def test_too_much_evidence_is_cut() -> None:
    many = tuple(Evidence("text", "t", {"text": "x"}) for _ in range(100))
    assert len(bounded(replace(EMPTY, evidence=many)).evidence) == 20
