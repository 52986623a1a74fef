"""How exactly a requirement is written."""

from __future__ import annotations

import pytest

from harness.static.requirements import (
    constrained,
    is_path,
    logical_lines,
    read_item,
    wheel_name,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    "text",
    [
        "flask==3.1.0",
        "Flask [async] == 3.1.0",
        "flask===3.1.0",
        "flask==3.1.0 ; python_version >= '3.11'",
        "flask>=3,==3.1.0",
        "flask --hash=sha256:abc",
        "flask==3.1.0 --hash=sha256:abc --hash=sha256:def",
        "torch==2.1.0+cpu",
        f"git+https://example.org/x.git@{COMMIT}#egg=x",
        f"x @ git+https://example.org/x.git@{COMMIT}",
        "https://example.org/x-1.0-py3-none-any.whl",
        "x @ https://example.org/x.tar.gz#sha256=abc",
    ],
)
def test_these_are_pinned(text: str) -> None:
    item = read_item(text, "requirements.txt:1", "requirements.txt")
    assert (item.pinned, item.broken, item.unknown) == (True, "", "")


@pytest.mark.parametrize(
    "text",
    [
        "flask",
        "flask>=3.1.0",
        "flask~=3.1",
        "flask==3.*",
        "flask!=3.0",
        "flask<4,>=3",
        "git+https://example.org/x.git",
        "git+https://example.org/x.git@v1.0",
        "x @ git+https://example.org/x.git@main",
        "https://example.org/x.tar.gz",
    ],
)
def test_these_are_not_pinned(text: str) -> None:
    item = read_item(text, "requirements.txt:1", "requirements.txt")
    assert (item.pinned, item.broken, item.unknown) == (False, "", "")


def test_names_are_compared_in_their_canonical_form() -> None:
    assert read_item("Typing_Extensions==4.0", "", "").name == "typing-extensions"


def test_a_variable_cannot_be_judged() -> None:
    item = read_item("flask==${VERSION}", "", "")
    assert item.unknown == "holds a variable whose value is not known"


def test_what_is_no_requirement_is_broken() -> None:
    assert read_item("flask=3.1", "", "").broken != ""


def test_a_constraint_pins_what_is_open() -> None:
    by = read_item("flask==3.1.0", "", "").requirement
    item = constrained(read_item("flask>=3", "", ""), by)
    assert item.pinned
    assert item.requirement is not None
    assert not item.requirement.specifier.contains("3.0.0")


def test_a_constraint_that_is_open_pins_nothing() -> None:
    by = read_item("flask<4", "", "").requirement
    assert not constrained(read_item("flask>=3", "", ""), by).pinned


@pytest.mark.parametrize("word", [".", "./x", "../x", "/x", ".[dev]", "x-1.0.whl", "x.tar.gz"])
def test_paths_are_paths(word: str) -> None:
    assert is_path(word)


@pytest.mark.parametrize("word", ["flask", "https://example.org/x.whl", "x @ file:///x.whl"])
def test_names_and_links_are_no_paths(word: str) -> None:
    assert not is_path(word)


def test_comments_continuations_and_marks_are_read_as_pip_reads_them() -> None:
    text = "\ufeff# a\nflask==1 \\\n  --hash=sha256:x  # why\n\nx @ https://e.org/#egg=x\n"
    assert list(logical_lines(text)) == [
        (2, "flask==1    --hash=sha256:x"),
        (5, "x @ https://e.org/#egg=x"),
    ]


def test_a_file_that_ends_in_a_continuation_loses_nothing() -> None:
    assert list(logical_lines("flask \\")) == [(1, "flask")]


def test_a_wheel_names_its_distribution() -> None:
    assert wheel_name("https://e.org/Flask_SQL-1.0-py3-none-any.whl?x#y") == "flask-sql"
    assert wheel_name("x.tar.gz") == ""
