"""docs/gate-toml.md names every key, in the words of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import units
from harness.config import accuracy, schema
from harness.config.section import Section

TEXT = Path(__file__).parent.parent.joinpath("docs", "gate-toml.md").read_text(encoding="utf-8")
SECTIONS = [
    value
    for value in {**vars(schema), **vars(accuracy)}.values()
    if isinstance(value, type) and issubclass(value, Section) and value.model_fields
]


@pytest.mark.parametrize(
    ("section", "key"),
    [(section, key) for section in SECTIONS for key in section.model_fields],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_every_key_stands_in_the_page_with_its_line_of_help(
    section: type[Section], key: str
) -> None:
    row = next(
        (
            r
            for r in TEXT.splitlines()
            if r.startswith(f"| `{key}` |")
            and r.endswith(f"| {section.model_fields[key].description} |")
        ),
        None,
    )
    assert row is not None


@pytest.mark.parametrize("unit", units.units())
def test_every_unit_stands_in_the_page(unit: str) -> None:
    assert f"`{unit}`" in TEXT
