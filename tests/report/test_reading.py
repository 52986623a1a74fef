"""A report is read strictly: whatever is wrong with it is refused and located."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ReportError
from harness.report import Report, parse, read, reading, to_json, write


def changed(report: Report, **fields: Any) -> bytes:
    """The report's JSON with other fields."""
    return json.dumps(json.loads(to_json(report)) | fields).encode()


def test_what_was_written_is_read_again(failed: Report, tmp_path: Path) -> None:
    assert read(write(failed, tmp_path)["json"]) == failed


def test_a_verdict_that_its_checks_do_not_give_is_refused(failed: Report) -> None:
    with pytest.raises(ReportError, match="'pass', but its checks under its policy give 'fail'"):
        parse(changed(failed, verdict="pass"))


def test_a_day_that_is_none_is_refused_and_located(failed: Report) -> None:
    policy = json.loads(to_json(failed))["policy"] | {"applied_on": "some day"}
    with pytest.raises(ReportError, match="/policy/applied_on: .*'some day'"):
        parse(changed(failed, policy=policy))


def test_a_folder_stands_for_the_report_in_it(failed: Report, tmp_path: Path) -> None:
    write(failed, tmp_path)
    assert read(tmp_path) == failed


def test_a_newer_minor_version_is_read_and_its_new_fields_are_left_aside(failed: Report) -> None:
    newer = parse(changed(failed, schema_version="1.7", later={"a": 1}))
    assert newer.schema_version == "1.7"
    assert newer.checks == failed.checks


def test_a_newer_major_version_is_refused_with_advice(failed: Report) -> None:
    expected = (
        r"report version 2\.0 is newer than this Releasegate understands \(1\.x\); upgrade it"
    )
    with pytest.raises(ReportError, match=expected):
        parse(changed(failed, schema_version="2.0"))


def test_an_older_major_version_is_refused(failed: Report) -> None:
    with pytest.raises(ReportError, match="0.9 is older than"):
        parse(changed(failed, schema_version="0.9"))


@pytest.mark.parametrize("version", ["1", "1.0.0", "one", "01.0", "", 1.0, None, ["1.0"]])
def test_a_version_of_another_form_is_refused(failed: Report, version: object) -> None:
    with pytest.raises(ReportError, match="/schema_version: not a report of Releasegate"):
        parse(changed(failed, schema_version=version))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "not JSON at line 1, column 1"),
        (b"[1, 2", "not JSON at line 1"),
        (b"\xff\xfe{}", "not UTF-8 text at byte 0"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[]", "/schema_version: not a report"),
        (b'"text"', "/schema_version: not a report"),
        (b"null", "/schema_version: not a report"),
        (b"{}", "/schema_version: not a report of Releasegate: received nothing"),
        (b'{"a": [0, NaN]}', "/a/1: NaN is not a number in JSON"),
        (b'{"a": {"b/c": -Infinity}}', "/a/b~1c: -Infinity is not a number"),
        (b'{"a": 1e999}', "/a: 1e999 is too large for a number"),
        (b'{"a": 1, "a": 2}', "/a: the key 'a' is given twice"),
        (b'{"x": [{"a": 1, "a": 1, "a": 1}]}', "/x/0/a: the key 'a' is given twice"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b"1" * 10_000, "too many digits"),
    ],
)
def test_what_is_not_strict_json_is_refused_with_its_place(content: bytes, expected: str) -> None:
    with pytest.raises(ReportError, match=expected.replace("[", r"\[")):
        parse(content)


def test_nesting_that_python_bears_and_a_report_never_has_is_refused(failed: Report) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    with pytest.raises(ReportError, match="recursion limit"):
        parse(changed(failed, later=deep))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"verdict": "maybe"}, "^/verdict: .* received 'maybe'"),
        ({"reasons": "one"}, "^/reasons: "),
        ({"subject": {"name": "a"}}, "^/subject/reference: field required"),
        ({"started_at": "yesterday"}, "^/started_at: "),
        ({"started_at": "2026-11-21T07:28:00"}, "^/started_at: .*timezone"),
        ({"checks": [{"id": "a.b"}]}, r"^/checks/0/version: field required \(and 2 more\)"),
        ({"environment": {"a": [1]}}, "^/environment/a"),
    ],
)
def test_a_field_of_another_type_is_named_by_its_pointer(
    failed: Report, fields: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ReportError, match=expected):
        parse(changed(failed, **fields))


def test_a_number_as_text_is_no_number(failed: Report) -> None:
    checks = json.loads(to_json(failed))["checks"]
    checks[2]["measurements"][0]["value"] = "312"
    with pytest.raises(ReportError, match="^/checks/2/measurements/0/value: .*valid number"):
        parse(changed(failed, checks=checks))


def test_half_of_a_character_is_refused(failed: Report) -> None:
    with pytest.raises(ReportError):
        parse(changed(failed, logs="\ud800"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="none.json: no such file"):
        read(tmp_path / "none.json")


def test_every_message_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(b"{")
    with pytest.raises(ReportError, match="r.json: not JSON"):
        read(path)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    path.touch()
    os.truncate(path, reading.MAX_BYTES + 1)
    with pytest.raises(ReportError, match="larger than 64 MiB"):
        read(path)


def test_a_waived_check_that_was_edited_to_be_of_no_weight_is_refused(failed: Report) -> None:
    """The pass that leans on its waiver would else outlive the waiver."""
    checks = json.loads(to_json(failed))["checks"]
    place = next(i for i, check in enumerate(checks) if check["id"] == "image.root_user")
    checks[place]["required"] = False
    expected = f"^/checks/{place}/required: false, but its policy gives true"
    with pytest.raises(ReportError, match=expected):
        parse(changed(failed, checks=checks))


def test_times_of_any_zone_are_read_as_utc(failed: Report) -> None:
    """A waiver ends with the day in UTC, wherever the report was written."""
    read_back = parse(changed(failed, finished_at="2026-11-22T01:00:00+14:00"))
    assert read_back.finished_at.isoformat() == "2026-11-21T11:00:00+00:00"
    assert read_back.finished_at.date().isoformat() == "2026-11-21"


def test_more_checks_or_names_than_any_gate_has_are_refused(failed: Report) -> None:
    whole = json.loads(to_json(failed))
    many = [whole["checks"][0]] * 5_001
    with pytest.raises(ReportError, match="^/checks: 5001 entries, expected at most 5000"):
        parse(changed(failed, checks=many))
    waivers = [{"check": "a.b", "reason": "", "expires": "2027-01-01"}] * 1_001
    with pytest.raises(ReportError, match="^/policy/waivers: 1001 entries"):
        parse(changed(failed, policy={**whole["policy"], "waivers": waivers}))


def test_a_defect_among_a_million_values_is_found_in_its_place(failed: Report) -> None:
    content = b'{"later": [' + b"[]," * 1_000_000 + b'{"a": 1e999}]}'
    with pytest.raises(ReportError, match="^/later/1000000/a: 1e999 is too large"):
        parse(content)
