"""What is told of a Locust that has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.load.driving.process import ending, said
from harness.load.locustside import layout


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("", "it said nothing"),
        ("[2026-11-21 16:56:57,846] vm/ERROR/locust.main: No User class found!\n",
         "No User class found!"),
        ('Traceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: no\n',
         'ValueError: no at File "a.py", line 3'),
        ("KeyError: 'x'\nShutting down\n", "KeyError: 'x'"),
    ],
    ids=["nothing", "a-line", "an-exception", "an-exception-before-other-lines"],
)  # fmt: skip
def test_the_last_thing_that_it_said_is_one_line(log: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / layout.LOG).write_text(log, encoding="utf-8")
    assert said(tmp_path) == expected


def test_an_end_by_a_signal_is_told_as_one() -> None:
    assert (ending(-9), ending(3)) == ("signal 9", "exit code 3")
