"""Two schemas side by side: what breaks a client is found, what only adds is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contract.compatible.changes import Side
from harness.contract.compatible.schemas import compare
from harness.contract.schema.schemas import Schema
from harness.model import Severity

OBJECT: dict[str, Any] = {
    "type": "object",
    "properties": {"positive": {"type": "boolean"}, "score": {"type": "number"}},
    "required": ["positive"],
}
TREE = '{"$ref": "#/$defs/%s", "$defs": {"%s": {"type": "object", "properties": {%s}}}}'


def rules(side: str, old: Any, new: Any) -> dict[str, str]:
    """Rule -> severity of every change."""
    return {item.rule: str(item.severity) for item in compare(Side(side), old, new)}


def changed(**members: Any) -> dict[str, Any]:
    """OBJECT with other keywords."""
    return {**OBJECT, **members}


def tree(name: str, value: str) -> Any:
    """A schema that refers to itself, by a definition of this name."""
    items = f'"kids": {{"type": "array", "items": {{"$ref": "#/$defs/{name}"}}}}, "v": {value}'
    return json.loads(TREE % (name, name, items))


POSITIVE = {"positive": {"type": "boolean"}}
NUMBER = {"type": "number"}
OPTIONAL = {"anyOf": [{"type": "string"}, {"type": "null"}]}

# What breaks clients: side, older schema, newer schema, rule.
BREAKING = [
    ("response", OBJECT, changed(properties=POSITIVE), "response-property-removed"),
    ("response", OBJECT, changed(required=[]), "response-property-became-optional"),
    ("response", NUMBER, {"type": "string"}, "response-type-changed"),
    ("response", NUMBER, {"type": ["number", "null"]}, "response-type-widened"),
    ("response", {"type": "integer"}, NUMBER, "response-type-widened"),
    ("response", {"enum": ["a", "b"]}, {"enum": ["a", "c"]}, "response-enum-changed"),
    ("response", {"maximum": 1}, {"maximum": 100}, "response-constraint-widened"),
    ("response", {"minItems": 2}, {}, "response-constraint-widened"),
    ("response", {"not": {"type": "null"}}, {}, "response-constraint-widened"),
    ("response", {"format": "date"}, {"format": "date-time"}, None),
    ("response", {"type": "string"}, OPTIONAL, "response-union-widened"),
    ("response", {"items": NUMBER}, {"items": {"type": "string"}}, "response-type-changed"),
    ("request", OBJECT, changed(required=["positive", "k"]), "request-required-property-added"),
    (
        "request",
        OBJECT,
        changed(required=["positive", "score"]),
        "request-property-became-required",
    ),
    ("request", NUMBER, {"type": "integer"}, "request-type-narrowed"),
    ("request", True, {"type": "object"}, "request-type-narrowed"),
    ("request", {"enum": ["a", "b"]}, {"enum": ["a"]}, "request-enum-narrowed"),
    ("request", {"type": "string"}, {"enum": ["a"]}, "request-enum-narrowed"),
    ("request", {"const": 1}, {"const": 2}, "request-enum-changed"),
    ("request", {"maxLength": 9}, {"maxLength": 5}, "request-constraint-narrowed"),
    ("request", {"minimum": 0}, {"exclusiveMinimum": 0}, "request-constraint-narrowed"),
    ("request", {}, {"pattern": "^a"}, "request-constraint-narrowed"),
    ("request", {}, {"uniqueItems": True}, "request-constraint-narrowed"),
    ("request", {"multipleOf": 2}, {"multipleOf": 4}, "request-constraint-narrowed"),
    ("request", {"multipleOf": 2}, {"multipleOf": 3}, "request-constraint-changed"),
    (
        "request",
        OBJECT,
        changed(additionalProperties=False),
        "request-additional-properties-narrowed",
    ),
    (
        "request",
        OBJECT,
        changed(properties=POSITIVE, additionalProperties=False),
        "request-property-removed",
    ),
    ("request", OPTIONAL, {"type": "string"}, "request-union-narrowed"),
    ("request", {}, {"if": {"type": "string"}, "then": {"minLength": 1}}, None),
    (
        "request",
        {"prefixItems": [NUMBER, NUMBER]},
        {"prefixItems": [NUMBER, {"type": "integer"}]},
        "request-type-narrowed",
    ),
    ("response", tree("T", '{"type": "integer"}'), tree("U", '{"type": "number"}'), None),
]


@pytest.mark.parametrize(("side", "old", "new", "rule"), BREAKING)
def test_a_change_that_breaks_clients_is_an_error(
    side: str, old: Any, new: Any, rule: str | None
) -> None:
    found = rules(side, old, new)
    broken = [name for name, severity in found.items() if severity == "error"]
    assert broken and (rule is None or rule in broken), found


ADDITIVE = [
    ("response", OBJECT, changed(properties={**OBJECT["properties"], "id": {}})),
    ("response", OBJECT, changed(required=["positive", "score"])),
    ("response", {"type": ["number", "null"]}, NUMBER),
    ("response", NUMBER, {"type": "integer"}),
    ("response", {"maximum": 100}, {"maximum": 1}),
    ("response", OPTIONAL, {"type": "string"}),
    ("response", changed(additionalProperties=False), OBJECT),
    ("request", OBJECT, changed(properties={**OBJECT["properties"], "id": {}})),
    ("request", OBJECT, changed(required=[])),
    ("request", {"type": "integer"}, NUMBER),
    ("request", {"enum": ["a"]}, {"enum": ["a", "b"]}),
    ("request", {"enum": ["a"]}, {"type": "string"}),
    ("request", {"maxLength": 5}, {}),
    ("request", {"type": "string"}, OPTIONAL),
    ("request", {"multipleOf": 4}, {"multipleOf": 2}),
]


@pytest.mark.parametrize(("side", "old", "new"), ADDITIVE)
def test_what_only_adds_is_information(side: str, old: Any, new: Any) -> None:
    found = rules(side, old, new)
    assert found and set(found.values()) == {"info"}


EQUAL = [
    (OBJECT, {**OBJECT, "title": "T", "description": "D", "$comment": "c", "examples": [1]}),
    ({"anyOf": [NUMBER, {"type": "null"}]}, {"type": ["null", "number"]}),
    ({"anyOf": [{"const": "a"}, {"const": "b"}]}, {"enum": ["b", "a"]}),
    ({"oneOf": [NUMBER, {"type": "null"}]}, {"anyOf": [{"type": "null"}, NUMBER]}),
    (tree("T", "true"), tree("U", "true")),
    ({"$ref": "#/$defs/N", "$defs": {"N": NUMBER}}, NUMBER),
    ({"allOf": [{"type": "object"}, {"required": ["a"]}]}, {"type": "object", "required": ["a"]}),
    ({"allOf": [{"minimum": 1}, {"minimum": 3}]}, {"minimum": 3}),
    ({"const": 1}, {"enum": [1.0]}),
    (
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [NUMBER, True]},
        {"prefixItems": [NUMBER, True]},
    ),
    ({"properties": {"title": {"type": "string"}}}, {"properties": {"title": {"type": "string"}}}),
]


@pytest.mark.parametrize("side", ["request", "response"])
@pytest.mark.parametrize(("old", "new"), EQUAL)
def test_two_spellings_of_one_schema_have_no_change(side: str, old: Any, new: Any) -> None:
    assert rules(side, old, new) == rules(side, new, old) == {}


UNKNOWN = [
    ({"pattern": "^a"}, {"pattern": "^b"}),
    ({"not": {"type": "string"}}, {"not": {"type": "number"}}),
    ({"$ref": "#x", "$defs": {"a": {"$anchor": "x"}}}, {"type": "string"}),
    ({"allOf": [{"$ref": "#"}]}, {"type": "string"}),
    ({"anyOf": [NUMBER, {"minimum": 1}]}, {"oneOf": [NUMBER, {"minimum": 1}]}),
    ({"patternProperties": {"a": NUMBER}}, {"patternProperties": {"b": NUMBER}}),
]


@pytest.mark.parametrize(("old", "new"), UNKNOWN)
def test_what_cannot_be_compared_is_a_doubt_and_never_silently_compatible(
    old: Any, new: Any
) -> None:
    assert "doubt" in rules("request", old, new).values()


@pytest.mark.parametrize(
    ("old", "new"), [(["a", "b"], ["a", "b", "c"]), (["a", "b", "c"], ["a", "b"])]
)
def test_a_label_more_or_less_in_answers_is_a_warning(old: list[str], new: list[str]) -> None:
    assert list(rules("response", {"enum": old}, {"enum": new}).values()) == ["warning"]


def test_a_request_field_that_is_gone_is_a_warning_where_the_schema_stays_open() -> None:
    found = rules("request", OBJECT, changed(properties=POSITIVE))
    assert found == {"request-property-removed": "warning"}


def test_a_change_says_where_it_stands_in_both_schemas_and_whom_it_breaks() -> None:
    new = {"allOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": changed(properties=POSITIVE)}}
    [change] = compare(Side.RESPONSE, OBJECT, new)
    finding = change.finding()
    assert finding.severity is Severity.ERROR
    assert finding.expected == 'compatible with #/properties/score: {"type": "number"} (recorded)'
    assert finding.received == "#/$defs/A/properties: nothing"
    assert finding.location == "response#/$defs/A/properties"
    assert "'score' was removed: clients that read it find nothing" in finding.message


def test_one_branch_that_changed_is_told_by_what_changed_in_it() -> None:
    old = {"anyOf": [{"type": "null"}, OBJECT]}
    new = {"anyOf": [changed(properties=POSITIVE), {"type": "null"}]}
    assert rules("response", old, new) == {"response-property-removed": "error"}


def test_a_schema_that_doubles_with_each_reference_ends() -> None:
    defs = {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(40)}
    bomb = {"$ref": "#/$defs/d0", "$defs": {**defs, "d40": NUMBER}}
    assert rules("request", bomb, NUMBER) == {"request-schema-unknown": "doubt"}


VALUES = st.recursive(
    st.sampled_from([None, True, 0, 1, 2, 0.5, 3.0, "", "a", "ab"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    ),
    max_leaves=4,
)
NAMES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
NUMBERS = st.sampled_from([0, 1, 2])


def _above(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas around schemas."""
    return st.one_of(
        st.builds(lambda x: {"items": x}, inner),
        st.builds(lambda x: {"prefixItems": x}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda x: {"additionalProperties": x}, inner | st.just(False)),
        st.builds(lambda k, x: {k: x}, st.sampled_from(["anyOf", "allOf", "oneOf"]),
                  st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda x: {"not": x}, inner),
        st.builds(lambda x, y: {**x, **y}, inner, inner),
    )  # fmt: skip


# Without "properties": nobody is taken to have sent a field before it was named, so that adding one
# is called additive though it narrows what an open schema took.
LEAVES = st.one_of(
    st.just({}),
    st.builds(lambda r: {"required": r}, st.lists(st.sampled_from("ab"), unique=True, max_size=2)),
    st.builds(lambda t: {"type": t}, NAMES | st.lists(NAMES, min_size=1, max_size=2, unique=True)),
    st.builds(lambda v: {"enum": v}, st.lists(VALUES, min_size=1, max_size=2)),
    st.builds(
        lambda k, n: {k: n},
        st.sampled_from(["minimum", "exclusiveMaximum", "minLength", "maxItems", "minProperties"]),
        NUMBERS,
    ),
)
SCHEMAS = st.recursive(LEAVES, _above, max_leaves=4)


@settings(max_examples=120)
@given(old=SCHEMAS, new=SCHEMAS, values=st.lists(VALUES, min_size=12, max_size=12))
def test_a_newer_schema_that_is_called_compatible_takes_every_request_that_the_older_took(
    old: Any, new: Any, values: list[Any]
) -> None:
    """No verdict of compatibility is wrong; that some are missing is the price of telling."""
    told = rules("request", old, new)
    if {"error", "doubt"} & set(told.values()) or "oneOf" in json.dumps(new):
        return  # that a value fits two branches of a oneOf is not looked for: see `unions`
    before, now = Schema(old), Schema(new)
    assert [value for value in values if before.accepts(value) and not now.accepts(value)] == []


@settings(max_examples=60)
@given(schema=SCHEMAS)
def test_a_schema_is_compatible_with_itself_whatever_its_members_order(schema: Any) -> None:
    other = json.loads(json.dumps(schema, sort_keys=True))
    assert rules("request", schema, other) == rules("response", schema, other) == {}
