"""The small services: each defect is caught by its check, and the clean ones by none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.gallery.faulty_services import NAMES, SCRIPTS, put, read
from tests.gallery.shared import ROOT, missed, run, wolves

FAMILIES = ("contract", "behaviour")
ONLY = [word for family in FAMILIES for word in ("--only", family)]


def caught(checks: tuple[str, ...], says: str, report: dict[str, Any]) -> list[str]:
    """Nothing where one of the checks says what it must; else what each of them did instead."""
    told = [missed(check, says, report) for check in checks]
    return [] if [] in told else [line for lines in told for line in lines]


def test_there_are_sixty_defects_on_four_protocols_in_both_families() -> None:
    faults = [read(name) for name in NAMES]

    assert len(faults) >= 60
    assert {name.partition("/")[0] for name in NAMES} == set(SCRIPTS)
    assert {fault.family for fault in faults} == set(FAMILIES)
    assert sum(len(fault.when) >= 2 for fault in faults) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_a_defect_fits_its_service_and_names_checks_that_exist(name: str, tmp_path: Path) -> None:
    from harness.config import load

    fault = read(name)
    load(put(name.partition("/")[0], tmp_path / "services", fault))

    for file in (tmp_path / "services").glob("*.py"):
        compile(file.read_text(encoding="utf-8"), file.name, "exec")
    checks = ROOT.joinpath("checks", f"check_{fault.family}.py").read_text(encoding="utf-8")
    for check in fault.checks:
        assert f"def check_{check.removeprefix(f'{fault.family}.')}(" in checks


@pytest.mark.parametrize("protocol", sorted(SCRIPTS))
def test_a_clean_service_passes_without_an_error(protocol: str, tmp_path: Path) -> None:
    code, report = run(put(protocol, tmp_path / "services"), tmp_path / "out", *ONLY)

    assert wolves(report, ()) == []
    assert (report["verdict"], code) == ("pass", 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_defect_is_caught_by_its_check_and_by_no_other_family(name: str, tmp_path: Path) -> None:
    fault = read(name)
    gate = put(name.partition("/")[0], tmp_path / "services", fault)

    code, report = run(gate, tmp_path / "out", *ONLY)

    problems = caught(fault.checks, fault.says, report)
    problems += wolves(report, (fault.family, *fault.also))
    assert not problems, "\n".join([f"{name}: {fault.why}", *problems])
    assert (report["verdict"], code) == ("fail", 1)
