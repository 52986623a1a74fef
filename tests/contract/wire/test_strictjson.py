"""Strict JSON: what readers disagree on is a problem, what RFC 8259 allows is not."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

from harness.contract.wire.strictjson import deeper_than, parse
from harness.model import Severity

_SUITE = "json-parsing-test-suite/test_parsing"
# RFC 8259 calls these texts JSON; RFC 7493 section 2.3 forbids them, and so do we.
_DOUBLE_NAMES = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}


def _suite(prefix: str) -> list[Path]:
    folder = os.environ.get("RELEASEGATE_CONFORMANCE_DATA")
    if not folder:
        pytest.skip("RELEASEGATE_CONFORMANCE_DATA is not set: no JSON parsing suite")
    found = sorted(Path(folder, _SUITE).glob(f"{prefix}_*.json"))
    assert found, f"no {prefix}_ files in {folder}/{_SUITE}"
    return found


@pytest.mark.parametrize(
    ("body", "rule", "location"),
    [
        (b'{"p": [0.5, NaN]}', "json-nonfinite", "$.p[1]"),
        (b"-Infinity", "json-nonfinite", "$"),
        (b'{"a": {"x": 1, "x": 2}}', "json-duplicate-key", "$.a.x"),
        (b'{"a b": 1, "a b": 1}', "json-duplicate-key", '$["a b"]'),
        (b"[1e400]", "json-overflow", "$[0]"),
        (b"[-1E+999]", "json-overflow", "$[0]"),
        (b"[" + b"9" * 400 + b".0]", "json-overflow", "$[0]"),
        (b"[" + b"9" * 5000 + b"]", "json-overflow", "$[0]"),
        (b'["\\ud800"]', "json-surrogate", "$[0]"),
        (b'{"\\udc00": 1}', "json-surrogate", '$["\\udc00"]'),
        (b"\xef\xbb\xbf{}", "json-bom", ""),
        (b'"\xff"', "json-utf8", "byte 1"),
        ('{"a": 1}'.encode("utf-16-le"), "json-syntax", "byte 1"),
        (b"{} x", "json-syntax", "byte 3"),
        (b"", "json-syntax", "byte 0"),
        (b"[" * 129 + b"]" * 129, "json-depth", ""),
        (b"[" * 100_000, "json-depth", ""),
    ],
)
def test_what_readers_disagree_on_is_an_error(body: bytes, rule: str, location: str) -> None:
    problem = parse(body).problems[0]
    assert (problem.rule, problem.location, problem.severity) == (rule, location, Severity.ERROR)


@pytest.mark.parametrize("token", [b"9007199254740992", b"-9007199254740992"])
def test_an_integer_beyond_doubles_is_a_warning(token: bytes) -> None:
    problem = parse(b'{"id": ' + token + b"}").problems[0]
    assert (problem.rule, problem.location) == ("json-big-integer", "$.id")
    assert problem.severity is Severity.WARNING


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": [1, 2.5, -3e10, true, null, "\\u00e9"]}',
        b"9007199254740991",
        b"0.12345678901234567890",
        b"1e308",
        b"[" * 128 + b"]" * 128,
        b'"' + b"[" * 1000 + b'"',
        b'["\\ud83d\\udc4d"]',
        '"👍"'.encode(),
        b' {"text": "e1000 and e400"} ',
    ],
)
def test_plain_json_has_no_problem(body: bytes) -> None:
    parsed = parse(body)
    assert parsed.problems == ()
    assert parsed.value == json.loads(body)


def test_a_lenient_reader_gets_the_value_all_the_same() -> None:
    parsed = parse(b"[NaN]")
    assert parsed.readable and math.isnan(parsed.value[0])


def test_a_text_that_is_no_json_has_no_value() -> None:
    parsed = parse(b"{")
    assert (parsed.readable, parsed.value, parsed.problems[0].syntax) == (False, None, True)


def test_brackets_in_strings_are_no_depth() -> None:
    assert not deeper_than(b'["' + b"[{" * 300 + b'"]', 5)
    assert deeper_than(b"[" * 6 + b'"]"' + b"]" * 6, 5)


def test_every_text_that_must_be_rejected_is_rejected() -> None:
    accepted = [
        path.name
        for path in _suite("n")
        if not any(p.syntax or p.rule == "json-depth" for p in parse(path.read_bytes()).problems)
    ]
    assert accepted == []


def test_every_text_that_must_be_accepted_is_accepted() -> None:
    rejected = {
        path.name
        for path in _suite("y")
        if any(p.severity is Severity.ERROR for p in parse(path.read_bytes()).problems)
    }
    assert rejected == _DOUBLE_NAMES


def test_no_text_of_the_suite_raises() -> None:
    assert [parse(path.read_bytes()) for path in _suite("i")]
