"""The small grammar of queries, and text made safe for a query."""

from __future__ import annotations

import math

import promql_parser
import pytest

from harness.server.controllers.promql import (
    MAX_QUERY,
    Constant,
    PromqlError,
    Selector,
    parse,
    quoted,
    shown,
)

HOSTILE = [
    '"} or up{x="',
    "a\\",
    "`",
    "a'b",
    "line\nbreak",
    "\x00",
    "\ud800",
    "é",
    "🤖",
    ".*",
    "$(x)",
]


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("vector(1)", Constant(1.0, vector=True)),
        (" vector ( 0.5 ) ", Constant(0.5, vector=True)),
        ("1+1", Constant(2.0, vector=False)),
        ("7", Constant(7.0, vector=False)),
        ("releasegate_pass", Selector("releasegate_pass")),
        ("releasegate_pass{}", Selector("releasegate_pass")),
        ('m{a="b",}', Selector("m", {"a": "b"})),
        ("m{a='b', c=`d\"e`}", Selector("m", {"a": "b", "c": 'd"e'})),
        (r'm { a = "q\"\\\n" }', Selector("m", {"a": 'q"\\\n'})),
        ('m{a="}"}', Selector("m", {"a": "}"})),
    ],
)
def test_what_controllers_ask_is_understood(query: str, read: Constant | Selector) -> None:
    assert parse(query) == read
    promql_parser.parse(query)  # and it is PromQL


@pytest.mark.parametrize(
    "query",
    [
        "",
        "up + 1",
        "rate(m[5m])",
        'm{a="b"}[5m]',
        'm{a="b"} offset 5m',
        'm{a="b"',
        'm{a=~"b"}',
        'm{a!="b"}',
        'm{a="b",a="c"}',
        'm{a="b" c="d"}',
        r'm{a="\q"}',
        "1+",
        "-1",
        "m{a=b}",
        "(" * 2000,
        "m{" + "a" * MAX_QUERY + "}",
        "9" * 18,
    ],
)
def test_anything_else_is_refused_with_a_sentence(query: str) -> None:
    with pytest.raises(PromqlError) as refused:
        parse(query)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("quote", ['"', "'"])
def test_text_in_a_template_ends_no_string_and_keeps_its_meaning(text: str, quote: str) -> None:
    query = f"m{{a={quote}{quoted(text)}{quote}}}"
    found = promql_parser.parse(query)
    assert isinstance(found, promql_parser.VectorSelector)
    (matcher,) = found.matchers.matchers
    assert matcher.value == text.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_in_backticks_ends_no_string_either(text: str) -> None:
    found = promql_parser.parse(f"m{{a=`{quoted(text)}`}}")
    assert isinstance(found, promql_parser.VectorSelector)
    assert len(found.matchers.matchers) == 1


def test_a_digest_and_a_plain_name_are_left_as_they_are() -> None:
    for text in ("sha256:" + "0f" * 32, "registry.example.com:5000/ml/fraud-2@x", "fraud 2"):
        assert quoted(text) == text


def test_values_are_written_so_that_they_are_read_back() -> None:
    assert [shown(value) for value in (1.0, 0.0, 41.5, 1e-9)] == ["1", "0", "41.5", "1e-09"]
    assert float(shown(0.1 + 0.2)) == 0.1 + 0.2
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="not finite"):
            shown(value)
