"""A report is written whole or not at all, and holds nothing that JSON does not."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import ReportError
from harness.model import (
    CheckResult,
    Evidence,
    Finding,
    JudgedMeasurement,
    Outcome,
    Verdict,
)
from harness.report import Format, Report, parse, registry, to_json, write


def test_every_format_is_written_under_its_name(failed: Report, tmp_path: Path) -> None:
    files = write(failed, tmp_path / "new" / "folder")
    assert {name: path.name for name, path in files.items()} == {
        "json": "report.json",
        "ctrf": "ctrf.json",
        "github_annotations": "annotations.txt",
        "gitlab": "gl-code-quality.json",
        "html": "report.html",
        "junit": "junit.xml",
        "markdown": "report.md",
        "openmetrics": "metrics.txt",
        "sarif": "report.sarif",
    }


def test_nothing_else_is_left_in_the_folder(failed: Report, tmp_path: Path) -> None:
    files = write(failed, tmp_path)
    assert set(tmp_path.iterdir()) == set(files.values())


def test_the_same_report_gives_the_same_bytes(failed: Report) -> None:
    assert to_json(parse(to_json(failed).encode())) == to_json(failed)


def test_others_may_read_the_report_as_the_umask_says(failed: Report, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        mode = write(failed, tmp_path)["json"].stat().st_mode
    finally:
        os.umask(before)
    assert stat.S_IMODE(mode) == 0o644


def test_a_write_that_fails_leaves_the_old_report_alone(
    failed: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write(failed, tmp_path)["json"].read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReportError, match=r"report.json: cannot be written: .*No space left"):
        write(failed.model_copy(update={"verdict": Verdict.PASS}), tmp_path)
    assert (tmp_path / "report.json").read_bytes() == old
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_is_a_file_is_an_error(failed: Report, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ReportError, match="cannot be written"):
        write(failed, tmp_path / "taken")


def test_a_number_that_is_not_finite_is_never_written(failed: Report) -> None:
    evil = CheckResult(
        "a.b", 1, "t", Outcome.PASSED, evidence=(Evidence("text", "t", {"x": float("nan")}),)
    )
    with pytest.raises(ReportError, match="not JSON compliant"):
        to_json(failed.model_copy(update={"checks": (evil,)}))


def test_what_acts_in_a_terminal_is_escaped_in_the_json(failed: Report) -> None:
    text = to_json(failed.model_copy(update={"logs": "\x1b[2J\x9b2J\u202e\u2028"}))
    assert r"\u001b[2J\u009b2J\u202e\u2028" in text
    assert json.loads(text)["logs"] == "\x1b[2J\x9b2J\u202e\u2028"


def test_other_scripts_stay_readable_in_the_json(failed: Report) -> None:
    assert "Größe 大きさ" in to_json(failed.model_copy(update={"logs": "Größe 大きさ"}))


def test_a_format_that_breaks_costs_its_page_and_not_the_evidence(
    failed: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(report: Report) -> str:
        raise KeyError("x")

    formats = (Format("bad", "bad.txt", broken), Format("good", "good.txt", lambda report: "fine"))
    monkeypatch.setattr(registry, "known_formats", lambda: formats)
    with pytest.raises(ReportError, match=r"written, but not whole: bad\.txt: KeyError: 'x'"):
        write(failed, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.txt", "report.json"]


def test_a_report_full_of_traps_is_written_and_read_again(traps: Report, tmp_path: Path) -> None:
    written = write(traps, tmp_path)["json"].read_bytes()
    assert parse(written) == traps
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", written.decode())


texts = st.text(max_size=40)
numbers = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, other=texts, value=numbers, count=st.integers(0, 2**53))
def test_any_text_and_any_finite_number_survive(
    failed: Report, text: str, other: str, value: float, count: int
) -> None:
    check = CheckResult(
        text,
        1,
        other,
        Outcome.FAILED,
        text,
        measurements=(JudgedMeasurement(text, value, other, None, value, count),),
        findings=(Finding(text, other, location=text, expected=other, received=text),),
        evidence=(Evidence(text, other, {text: [other, value, None, True]}),),
    )
    report = failed.model_copy(
        update={
            "verdict": Verdict.ERROR,  # what the policy requires is not among the checks
            "checks": (check,),
            "logs": other,
            "environment": {text: value, "b": False},
        }
    )
    assert parse(to_json(report).encode()) == report
