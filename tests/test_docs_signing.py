"""docs/signing.md says what the code does: its commands are commands, its names are the names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from harness.cli import parser
from harness.report.signing import keyless, keys, signing, statements

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "signing.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^gate .*$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_one(line: str) -> None:
    words = shlex.split(line, comments=True)
    assert parser().parse_args(words[1:]).command == words[1]


def test_the_page_shows_how_to_sign_and_how_to_verify() -> None:
    assert [line.split()[1] for line in COMMANDS] == ["sign", "verify", "sign"]


@pytest.mark.parametrize(
    "name",
    [
        statements.REPORT,
        statements.TEST_RESULT,
        statements.SUMMARY,
        statements.VERIFIER,
        statements.POLICIES,
        statements.LEVEL,
        keys.PASSPHRASE,
        *(f"report.{name}" for name in (signing.FULL, signing.TEST_RESULT, signing.SUMMARY)),
        *(f"report.{name}" for name in keyless.SUFFIXES),
    ],
)
def test_every_name_that_others_must_know_is_told(name: str) -> None:
    assert f"`{name}" in PAGE or f'"{name}"' in PAGE
