"""Examples: read line by line, refused with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract.requests.cases import Example, dumps, read_examples
from harness.errors import ConfigError


def test_examples_are_read_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text('{"request": [1], "response": null}\n\n{"request": 2, "status": 400}\n')
    assert read_examples(path) == (
        Example([1], 200, None, True, 1),
        Example(2, 400, None, False, 3),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "no example"),
        ("{", "e.jsonl:1: not JSON"),
        ("[]", "e.jsonl:1: []: expected"),
        ('{"response": 1}', "expected"),
        ('{"request": 1, "answer": 2}', "expected"),
        ('{"request": 1}\n{"request": NaN}', "e.jsonl:2: NaN is no JSON number"),
        ('{"request": 1, "status": "200"}', 'status = "200": expected one like 200'),
        ('{"request": 1, "status": true}', "status = true"),
    ],
)
def test_what_is_no_example_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_examples(path)
    assert expected in str(caught.value)


def test_a_body_is_short_and_keeps_its_text() -> None:
    assert dumps({"a": ["é", 1.5]}) == '{"a":["é",1.5]}'.encode()
