"""The schemas in contracts/ are those of the types, and a report satisfies its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from harness import schema
from harness.model import Candidate, CheckResult, JudgedMeasurement, Outcome, Verdict
from harness.report import GateUsed, PolicyUsed, Report, Tool, to_json

ROOT = Path(__file__).resolve().parent.parent
REPORT = Report.model_validate(
    {
        "schema_version": "1.0",
        "verdict": Verdict.PASS,
        "reasons": (),
        "subject": Candidate("sentiment", "sentiment:1.4.0"),
        "policy": PolicyUsed(name="policy", digest="sha256:0", confidence=0.95),
        "gate": GateUsed(digest="sha256:0"),
        "checks": (
            CheckResult(
                "load.latency",
                1,
                "Fast",
                Outcome.PASSED,
                measurements=(JudgedMeasurement("p99", 1.5, "ms", limit="<= 2 ms"),),
            ),
        ),
        "environment": {"cpus": 2, "runtime": "docker", "tensorflow": None},
        "started_at": "2026-11-21T07:28:00Z",
        "finished_at": "2026-11-21T07:28:01Z",
        "tool": Tool(name="releasegate", version="0.1.0"),
    },
    strict=False,
)


@pytest.mark.parametrize("name", schema.names())
def test_the_file_is_what_the_types_say(name: str) -> None:
    """Where this fails: `python -m harness.schema`."""
    assert schema.file(name).read_text(encoding="utf-8") == schema.text(name)


@pytest.mark.parametrize("name", schema.names())
def test_the_schema_is_valid_and_says_what_it_is(name: str) -> None:
    document = schema.schema(name)
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"urn:releasegate:schema:{name}:v1"
    assert document["title"] and document["description"]


@pytest.mark.parametrize("name", schema.names())
def test_every_key_has_a_line_of_help(name: str) -> None:
    document = schema.schema(name)
    # The help of names that explain themselves would only repeat them.
    plain = {("Finding", "severity"), ("Finding", "expected"), ("Finding", "received")}
    plain |= {
        ("Waiver", "check"),
        ("Waiver", "reason"),
        ("Candidate", "name"),
        ("Evidence", "title"),
    }
    plain |= {("Finding", "message")}
    for title, table in [("", document), *document["$defs"].items()]:
        for key, field in table.get("properties", {}).items():
            known = field.get("description") or "$ref" in field or (title, key) in plain
            assert known or title in ("JudgedMeasurement", "CheckResult"), f"{title}.{key}"


def test_a_report_satisfies_its_schema() -> None:
    Draft202012Validator(schema.schema("report")).validate(json.loads(to_json(REPORT)))


def test_a_report_of_another_version_does_not() -> None:
    document = json.loads(to_json(REPORT)) | {"schema_version": "2.0"}
    assert not Draft202012Validator(schema.schema("report")).is_valid(document)


def test_a_report_with_fields_of_a_newer_minor_version_does() -> None:
    document = json.loads(to_json(REPORT)) | {"schema_version": "1.4", "later": 1}
    assert Draft202012Validator(schema.schema("report")).is_valid(document)


def test_a_small_gate_satisfies_its_schema_and_an_unknown_key_does_not() -> None:
    validator = Draft202012Validator(schema.schema("gate"))
    gate = tomllib.loads(
        'version = 1\n[candidate]\nname = "a"\nimage = "a:1"\n[contract]\npath = "/predict"\n'
    )
    assert validator.is_valid(gate)
    assert not validator.is_valid(gate | {"candidates": {}})


def test_the_module_writes_the_files(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, harness.paths as p; p.contracts = lambda: pathlib.Path(sys.argv[1]);"
        "import harness.schema as s; s.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "gate-report.v1.schema.json",
        "gate.v1.schema.json",
    ]
