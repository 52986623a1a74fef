"""The claims: INVALID only where the contract surely forbids, ODD for the rest."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.forms import FORMS
from harness.contract.mutants import Terms, invalid_cases
from harness.contract.protocol.presets import preset
from harness.contract.requests.cases import Case, Claim
from harness.contract.schema.schemas import Schema


def cases(
    value: Any, schema: Any = True, strict: bool = False, protocol: str = "json"
) -> list[Case]:
    found = preset(protocol)
    judge = Schema(schema)
    form = FORMS[found.form](found, [], [])

    def forbidden(value: Any) -> str:
        return "" if judge.accepts(value) and not form.malformed(value) else "request.json"

    terms = Terms("/p", form, forbidden, judge, strict)
    return list(invalid_cases(terms, [value]))


def names(found: list[Case], claim: Claim) -> set[str]:
    return {case.name for case in found if case.claim is claim}


def test_without_a_schema_only_broken_json_is_forbidden() -> None:
    assert names(cases({"a": 1}), Claim.INVALID) == {
        *("an empty body", "malformed JSON", "a truncated body", "a body cut in the middle"),
        *("text after the JSON", "invalid UTF-8"),
    }


def test_an_unknown_member_is_forbidden_only_where_the_schema_says_so() -> None:
    open_ended = {"type": "object", "properties": {"a": {"type": "integer"}}}
    closed = open_ended | {"additionalProperties": False}
    assert "an unknown member at $" not in names(cases({"a": 1}, open_ended), Claim.INVALID)
    assert "an unknown member at $" in names(cases({"a": 1}, closed), Claim.INVALID)


def test_every_invalid_request_says_where_the_promise_stands() -> None:
    found = cases({"a": 1}, {"type": "object", "properties": {"a": {"type": "integer"}}})
    promises = {case.promise for case in found if case.claim is Claim.INVALID}
    assert promises == {"RFC 8259 section 2", "RFC 8259 section 8.1", "request.json"}


def test_headers_and_methods_are_odd() -> None:
    odd = names(cases({"a": 1}), Claim.ODD)
    assert {"content type text/plain", "no content type", "Accept: text/csv", "method HEAD"} <= odd
    assert {"charset utf-16", "content type application/xml"} <= odd


FORGIVEN = {
    *("content type text/plain", "content type application/xml", "two members named 'a'"),
    *("NaN at $.a", "-Infinity at $.a"),
}


def test_what_lenient_readers_forgive_is_forbidden_where_the_contract_is_strict() -> None:
    assert names(cases({"a": 1}), Claim.ODD) >= FORGIVEN
    found = cases({"a": 1}, strict=True)
    assert names(found, Claim.INVALID) >= FORGIVEN
    told = {case.promise for case in found if case.name in FORGIVEN}
    assert told == {
        *("contract.strict", "contract.strict, RFC 7493 section 2.3"),
        "contract.strict, RFC 8259 section 6",
    }


def test_what_the_standards_leave_open_stays_open() -> None:
    odd = names(cases({"a": 1}, strict=True), Claim.ODD)
    assert {"no content type", "charset utf-16", "a byte order mark before the JSON"} <= odd


@pytest.mark.parametrize("strict", [False, True])
def test_a_number_may_be_true_or_a_text_for_lenient_readers(strict: bool) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    found = names(cases({"a": 1}, schema, strict), Claim.INVALID)
    wrong = {"true instead of a number at $.a", "a number as text at $.a"}
    assert wrong & found == (wrong if strict else set())


def test_not_a_number_is_no_finding_where_the_dialect_writes_it_by_design() -> None:
    value = {"instances": [[1.5]]}
    odd = names(cases(value, strict=True, protocol="tensorflow-serving"), Claim.ODD)
    assert "NaN at $.instances[0][0]" in odd


def test_two_kinds_of_input_in_one_request_are_forbidden() -> None:
    value = {"instances": [[1.5]]}
    found = names(cases(value, protocol="tensorflow-serving"), Claim.INVALID)
    assert "instances and inputs in one request" in found
    table = {"dataframe_split": {"columns": ["a"], "data": [[1.5]]}}
    found = names(cases(table, protocol="mlflow"), Claim.INVALID)
    assert "dataframe_split and dataframe_records in one request" in found
    assert not any(" in one request" in name for name in names(cases({"a": 1}), Claim.INVALID))
