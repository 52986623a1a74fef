"""docs/protocols.md has a row for each preset and dialect, with what its data file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract.forms import FORMS
from harness.contract.protocol.presets import Preset, dialects, known, preset

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
SPOKEN = [preset(name, spoken) for name in known() for spoken in (None, *dialects(name))]


def _rows() -> dict[tuple[str, str], list[str]]:
    lines = [line.strip("|").split("|") for line in TEXT.splitlines() if line.count("|") == 10]
    cells = [[cell.strip() for cell in line] for line in lines]
    return {(row[0].strip("`"), row[1].strip("`")): row for row in cells[2:]}


ROWS = _rows()


def test_every_preset_and_dialect_stands_in_the_page_and_no_other() -> None:
    assert sorted(ROWS) == sorted((found.name, found.dialect) for found in SPOKEN)


@pytest.mark.parametrize("found", SPOKEN, ids=lambda found: found.full_name)
def test_a_row_says_what_the_data_file_says(found: Preset) -> None:
    _, _, server, ready, predict, form, errors, tolerated, proven = ROWS[found.name, found.dialect]
    assert server == found.server
    assert f"`{found.ready}`" in ready if found.ready else ready == "none"
    for value in found.ready_when.values if found.ready_when is not None else ():
        assert f"`{str(value) if isinstance(value, str) else str(value).lower()}`" in ready
    assert f"`{found.predict or 'contract.path'}`" in predict
    assert predict.endswith(f":{found.port}") == (found.port is not None)
    assert form.startswith(f"`{found.form}`")
    assert all(encoding in form for encoding in found.encodings)
    assert all(f"`{member}`" in errors for member in found.error_members)
    assert tolerated == ", ".join(f"`{rule}`" for rule in sorted(found.tolerated))
    assert proven == ("transcript" if found.proven == "transcripts" else f"`{found.proven}`")


@pytest.mark.parametrize("found", SPOKEN, ids=lambda found: found.full_name)
def test_what_a_preset_is_proven_by_is_there(found: Preset) -> None:
    assert found.proven == "transcripts" or (ROOT / found.proven).is_dir()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_explained(form: str) -> None:
    assert f"\n| `{form}` |" in TEXT


def test_there_is_a_section_on_what_the_real_servers_do() -> None:
    assert "\n## What the real servers do\n" in TEXT
