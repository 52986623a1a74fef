"""What --example may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.init import requests


def test_json_and_files_of_it(tmp_path: Path) -> None:
    one, many = tmp_path / "one.json", tmp_path / "many.jsonl"
    one.write_text('{"request": 1, "other": 2}')
    many.write_text('{"request": [1], "status": 200}\n\n[2]\n')
    given = ['["a"]', str(one), str(many)]
    assert requests(given) == (["a"], {"request": 1, "other": 2}, [1], [2])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nowhere.json", "--example nowhere.json: not JSON: .*no file of that name either"),
        ("{", "--example {: not JSON"),
        ('{"a": NaN}', "NaN is no JSON number"),
    ],
)
def test_what_is_neither_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        requests([text])
