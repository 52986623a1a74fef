"""Nothing that a candidate writes can act where it is shown."""

from __future__ import annotations

import re
import time
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report import block, printable
from harness.report.escape import cell, code, fence, markdown, visible, xml


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "alink"),
        ("a\x1bPdevice\x1b\\b", "ab"),
        ("\x1bc cleared", " cleared"),
        ("bell\x07 back\x08 null\x00", "bell back null"),
        ("safe\u202egnp.exe\u202c", "safegnp.exe"),
        ("\u2066a\u2069\u200f\ufeff\u200b", "a"),
        ("tag\U000e0041", "tag"),
        ("half\ud800", "half"),
        ("progress 10 %\rprogress 20 %", "progress 10 %\nprogress 20 %"),
        ("a\r\nb\tc\u2028d", "a\nb\tc\nd"),
        ("Größe 大きさ 👩‍💻", "Größe 大きさ 👩‍💻"),
    ],
)
def test_only_what_shows_is_left(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_a_title_that_never_ends_takes_no_time() -> None:
    before = time.process_time()
    visible("\x1b]0;" * 50_000 + "\x1b[" * 50_000)
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::error::stop", ": :error::stop"),
        ("  ::set-output name=a::b", ": :set-output name=a::b"),
        ("said ::warning file=x,line=1::text", "said : :warning file=x,line=1::text"),
        ("##vso[task.complete]", "# #vso[task.complete]"),
        ("##[error]red", "# #[error]red"),
        ("##teamcity[buildStop]", "# #teamcity[buildStop]"),
        ("a\nb   c", "a b c"),
        ("tests/a.py::test_b", "tests/a.py::test_b"),
        ("http://[::1]:80/", "http://[::1]:80/"),
    ],
)
def test_a_line_is_no_command_to_a_ci_system(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_a_block_keeps_its_lines_and_loses_its_commands() -> None:
    assert block("one\n::debug::two\n\tthree") == "one\n: :debug::two\n\tthree"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("**bold** _i_ ~s~", r"\*\*bold\*\* \_i\_ \~s\~"),
        ("`code`", r"\`code\`"),
        ("<b>x</b>", r"\<b\>x\</b\>"),
        ("[a](b) ![c](d)", r"\[a\]\(b\) \!\[c\]\(d\)"),
        ("&lt;", r"\&lt;"),
        ("# head", r"\# head"),
        ("- item", r"\- item"),
        ("--- rule", r"\--- rule"),
        ("12. item", r"12\. item"),
        ("see https://evil.example", r"see https\://evil.example"),
        ("www.evil.example", r"www\.evil.example"),
        ("@user and #12", "@\u200buser and \\#\u200b12"),
        ("two\nlines", "two lines"),
        ("plain text, with 3.5 ms (and)", r"plain text, with 3.5 ms \(and\)"),
    ],
)
def test_markdown_shows_text_as_it_is(text: str, expected: str) -> None:
    assert markdown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a\n|", "`a |`"), ("", "")],
)
def test_a_code_span_holds_any_backticks(text: str, expected: str) -> None:
    assert code(text) == expected


def test_a_code_span_in_a_table_does_not_end_its_cell() -> None:
    assert cell("a|b") == r"`a\|b`"


def test_a_code_block_holds_any_fence() -> None:
    assert fence("```\n````\n", "sh").startswith("`````sh\n")


@given(st.text())
def test_any_text_is_well_formed_xml(text: str) -> None:
    element = ElementTree.Element("a", b=xml(text))
    ElementTree.fromstring(ElementTree.tostring(element, encoding="unicode"))


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("\x1b[]:;#\x07\x9b \n")))
def test_a_printable_line_is_one_line_without_controls(text: str) -> None:
    line = printable(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", line)
    assert not line.startswith("::") or not line[2:3].isalpha()
