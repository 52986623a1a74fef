"""Two validators on the official suite: they agree, or the difference is listed and explained.

The list is `schema_differences.json` beside this file: per draft and file of the suite, why, and
each test with what the engine, jsonschema and the suite say of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.contract.schema.explain import registered
from harness.contract.schema.references import Library
from harness.contract.schema.schemas import Schema
from harness.errors import ConfigError

DRAFT7 = "http://json-schema.org/draft-07/schema#"
REMOTE = "http://localhost:1234/"
LISTED = Path(__file__).with_name("schema_differences.json")
# (group and test, engine, jsonschema, suite); jsonschema may give up with an error
Difference = tuple[str, bool, bool | str, bool]


def _suite() -> Path:
    folder = os.environ.get("RELEASEGATE_CONFORMANCE_DATA")
    if not folder:
        pytest.skip("RELEASEGATE_CONFORMANCE_DATA is not set: no JSON Schema suite")
    return Path(folder, "json-schema-test-suite")


class _Remotes(Library):
    """The suite's own remote schemas, read from its folder."""

    def retrieve(self, uri: str) -> Any:
        file = _suite() / "remotes" / uri.partition("#")[0].removeprefix(REMOTE)
        return json.loads(file.read_bytes()) if uri.startswith(REMOTE) else super().retrieve(uri)


def _groups(draft: str) -> Iterator[tuple[str, dict[str, Any], Schema]]:
    tests = _suite() / "tests" / draft
    for path in sorted(tests.rglob("*.json")):
        for group in json.loads(path.read_bytes()):
            document = group["schema"]
            if draft == "draft7" and isinstance(document, dict):
                document = {"$schema": DRAFT7, **document}
            try:
                # The suite has tests for formats that nobody knows; we refuse those in a contract.
                schema = Schema(document, library=_Remotes(document), foreign=True)
            except ConfigError as problem:
                # A metaschema of somebody's own is none of the two drafts.
                assert "$schema = 'http://localhost" in str(problem)
                continue
            yield path.relative_to(tests).as_posix(), group, schema


def _other(schema: Schema) -> Any:
    import jsonschema

    kind = getattr(jsonschema, schema.kind)
    registry, resolver = registered(schema.document, schema.kind, schema.library)
    return kind(
        schema.document, format_checker=kind.FORMAT_CHECKER, registry=registry, _resolver=resolver
    )


def _says(validator: Any, value: Any) -> bool | str:
    try:
        return bool(validator.is_valid(value))
    except Exception as problem:
        return type(problem).__name__


def differences(draft: str) -> tuple[int, dict[str, list[Difference]]]:
    """How many tests were judged, and by file of the suite where one of the three disagrees."""
    judged = 0
    found: dict[str, list[Difference]] = {}
    for file, group, schema in _groups(draft):
        other = _other(schema)
        for test in group["tests"]:
            judged += 1
            said = (schema.accepts(test["data"]), _says(other, test["data"]), test["valid"])
            if len({*said}) > 1:
                name = f"{group['description']}: {test['description']}"
                found.setdefault(file, []).append((name, *said))
    return judged, found


@pytest.mark.parametrize(("draft", "least"), [("draft2020-12", 2200), ("draft7", 1600)])
def test_both_validators_agree_but_for_what_is_listed_and_explained(draft: str, least: int) -> None:
    judged, found = differences(draft)
    listed = {
        entry["file"]: sorted(tuple(test) for test in entry["tests"])
        for entry in json.loads(LISTED.read_bytes())
        if entry["draft"] == draft
    }
    assert {file: sorted(tests) for file, tests in found.items()} == listed
    assert judged >= least


def test_every_difference_is_explained() -> None:
    assert all(len(entry["why"]) > 30 for entry in json.loads(LISTED.read_bytes()))


@pytest.mark.parametrize("draft", ["draft2020-12", "draft7"])
def test_the_engine_is_always_right_but_for_asserting_formats(draft: str) -> None:
    _, found = differences(draft)
    wrong = {file for file, tests in found.items() for _, engine, _, due in tests if engine != due}
    assert wrong == ({"format.json"} if draft == "draft2020-12" else set())
