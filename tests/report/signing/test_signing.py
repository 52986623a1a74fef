"""A signed report has its statements beside it: all that its verdict allows, and none too old."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.config import Policy
from harness.errors import ReportError
from harness.model import CheckResult, Outcome
from harness.report import Report
from harness.report.signing.envelope import open_envelope
from harness.report.signing.keys import PrivateKey
from harness.report.signing.signing import sign_report
from harness.report.signing.statements import REPORT, SUMMARY, TEST_RESULT, report_of

DOUBT = CheckResult("load.latency", 1, "Quick", Outcome.INCONCLUSIVE, "too few requests")
BROKEN = CheckResult("load.latency", 1, "Quick", Outcome.ERRORED, "no engine")
NAMES = ["report.intoto.json", "report.test-result.intoto.json", "report.vsa.intoto.json"]

Saving = Callable[..., Path]
Making = Callable[..., Report]


def kind(file: Path, key: PrivateKey) -> str:
    """Which statement an envelope holds."""
    opened = open_envelope(file.read_bytes(), [key.public])
    return str(json.loads(opened.payload)["predicateType"])


def test_three_envelopes_lie_beside_the_report(
    failed: Report, saved: Saving, key: PrivateKey
) -> None:
    path = saved(failed)
    files = sign_report(path, key)
    assert files == [path.parent / name for name in NAMES]
    assert [kind(file, key) for file in files] == [REPORT, TEST_RESULT, SUMMARY]


def test_the_exact_bytes_of_the_report_are_signed(
    failed: Report, saved: Saving, key: PrivateKey
) -> None:
    path = saved(failed)
    opened = open_envelope(sign_report(path, key)[0].read_bytes(), [key.public])
    assert report_of(opened)[1] == path.read_bytes()


def test_the_summary_leads_to_the_envelope_of_the_report(
    failed: Report, saved: Saving, key: PrivateKey
) -> None:
    full, _, summary = sign_report(saved(failed), key)
    payload = json.loads(open_envelope(summary.read_bytes(), [key.public]).payload)
    assert payload["predicate"]["inputAttestations"] == [
        {"uri": full.name, "digest": {"sha256": hashlib.sha256(full.read_bytes()).hexdigest()}}
    ]


@pytest.mark.parametrize("result", [DOUBT, BROKEN], ids=["inconclusive", "error"])
def test_there_is_no_summary_of_what_is_neither_pass_nor_fail(
    result: CheckResult, make: Making, saved: Saving, key: PrivateKey
) -> None:
    path = saved(make((result,), Policy("prd", 0.95, ("load",))))
    assert [file.name for file in sign_report(path, key)] == NAMES[:2]
    assert not (path.parent / NAMES[2]).exists()


def test_the_summary_of_an_earlier_report_does_not_outlive_it(
    passed: Report, make: Making, saved: Saving, key: PrivateKey
) -> None:
    sign_report(saved(passed), key)
    path = saved(make((DOUBT,), Policy("prd", 0.95, ("load",))))
    sign_report(path, key)
    assert sorted(file.name for file in path.parent.glob("*.intoto.json")) == NAMES[:2]


def test_a_folder_stands_for_the_report_in_it(
    failed: Report, saved: Saving, key: PrivateKey
) -> None:
    path = saved(failed)
    assert sign_report(path.parent, key)[0] == path.parent / NAMES[0]


def test_another_folder_is_made_and_named_after_the_report(
    failed: Report, saved: Saving, key: PrivateKey, tmp_path: Path
) -> None:
    path = saved(failed).rename(tmp_path / "bound.report.json")
    files = sign_report(path, key, tmp_path / "a" / "b")
    assert files == [tmp_path / "a" / "b" / f"bound.{name}" for name in NAMES]
    assert all(file.is_file() for file in files)


def test_a_report_of_no_image_is_not_signed(failed: Report, saved: Saving, key: PrivateKey) -> None:
    subject = replace(failed.subject, config_digest=None, reference="http://127.0.0.1:5000")
    path = saved(failed.model_copy(update={"subject": subject}))
    with pytest.raises(ReportError, match=r"report\.json: /subject: no digest.*`--image`"):
        sign_report(path, key)
    assert [file.name for file in path.parent.iterdir()] == ["report.json"]


def test_what_is_no_report_is_not_signed(tmp_path: Path, key: PrivateKey) -> None:
    (tmp_path / "report.json").write_text('{"schema_version": "1.0", "verdict": "pass"}')
    with pytest.raises(ReportError, match=r"report\.json: /reasons: field required"):
        sign_report(tmp_path, key)


def test_a_folder_that_cannot_be_written_is_named(
    failed: Report, saved: Saving, key: PrivateKey, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match="file/out: cannot be written"):
        sign_report(saved(failed), key, tmp_path / "file" / "out")
