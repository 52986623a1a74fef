"""docs/checks.md has a section for each check, with its title, measurements and default limits."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from harness.declare import CheckSpec, spec_of

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `([a-z0-9_]+)` \| (.+?) \| .+ \|$", re.MULTILINE)


def _declared() -> dict[str, CheckSpec]:
    found = {}
    for path in sorted((ROOT / "checks").glob("check_*.py")):
        module = importlib.import_module(f"checks.{path.stem}")
        for name, value in vars(module).items():
            spec = spec_of(value)
            if name.startswith("check_") and spec is not None:
                found[f"{path.stem[6:]}.{name[6:]}"] = spec
    return found


def _sections() -> dict[str, str]:
    parts = re.split(r"^### (\S+)$", TEXT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (re.split(r"^## ", p, flags=re.M)[0] for p in parts[2::2])))


CHECKS = _declared()
SECTIONS = _sections()


def test_every_check_has_a_section_and_every_section_a_check() -> None:
    assert sorted(SECTIONS) == sorted(CHECKS)
    assert len(CHECKS) >= 30


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_begins_with_the_title_of_its_check(name: str) -> None:
    assert f"\n*{CHECKS[name].title}*\n" in SECTIONS[name]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_quotes_the_default_limits_and_names_the_other_measurements(name: str) -> None:
    spec = CHECKS[name]
    expected = {measure: f"`{limit.text}`" for measure, limit in spec.limits.items()}
    expected.update({measure: "none" for measure in spec.measures})
    assert dict(_ROW.findall(SECTIONS[name])) == expected


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_says_what_why_and_the_remedy(name: str) -> None:
    words = ("**What.**", "**Why.**", "**Remedy.**")
    assert [word for word in words if word not in SECTIONS[name]] == []


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_says_whether_its_check_is_advisory(name: str) -> None:
    assert ("Advisory:" in SECTIONS[name]) == CHECKS[name].advisory
