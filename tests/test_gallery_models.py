"""Pairs of model files: each defect is told by its check and by no other, good ones by none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.gallery.faulty_models import EXIT, MODELS, NAMES, Fault, make, read, write
from tests.gallery.shared import ROOT, run

Made = Callable[[str], Path]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """`made("noisy_digits")`: the folder of that maker's files, made once."""
    folders: dict[str, Path] = {}

    def of(maker: str) -> Path:
        if maker not in folders:
            folders[maker] = tmp_path_factory.mktemp(maker)
            make(maker, folders[maker])
        return folders[maker]

    return of


def missed(fault: Fault, report: dict[str, Any]) -> list[str]:
    """What the check that must tell a defect did instead."""
    check = next((row for row in report["checks"] if row["id"] == fault.catches), None)
    if check is None:
        return [f"{fault.catches}: no such check ran"]
    told = [check["reason"], *(json.dumps(row, ensure_ascii=False) for row in check["findings"])]
    if check["outcome"] != fault.outcome:
        return [f"{fault.catches}: {check['outcome']} {told}, must be {fault.outcome}"]
    if not any(fault.says in text for text in told):
        return [f"{fault.catches}: does not say {fault.says!r}, but: {told}"]
    return []


def wolves(fault: Fault, report: dict[str, Any]) -> list[str]:
    """Checks that are not content, and were not to be otherwise."""
    found = []
    for check in report["checks"]:
        bad = [row for row in check["findings"] if row["severity"] in ("error", "doubt")]
        if check["id"] in (fault.catches, *fault.also):
            continue
        if check["outcome"] not in ("passed", "skipped") or bad:
            found.append(f"{check['id']}: {check['outcome']} {check['reason']} {bad[:2] or ''}")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_gallery_file_has_a_maker_and_names_checks_that_exist(name: str) -> None:
    fault = read(name)

    assert (MODELS / f"{name.partition('/')[0]}.py").is_file()
    checks = ROOT.joinpath("checks", "check_accuracy.py").read_text(encoding="utf-8")
    for check in filter(None, (fault.catches, *fault.also)):
        assert f"def check_{check.removeprefix('accuracy.')}(" in checks


@pytest.mark.parametrize("name", NAMES)
def test_a_defect_is_told_by_its_check_and_by_no_other(
    name: str, made: Made, tmp_path: Path
) -> None:
    fault = read(name)
    gate = write(name, made(name.partition("/")[0]))

    code, report = run(gate, tmp_path / "out", "--only", "accuracy")

    problems = [*(missed(fault, report) if fault.catches else []), *wolves(fault, report)]
    assert not problems, "\n".join([f"{name}: {fault.why}", *problems])
    assert code == (EXIT[fault.outcome] if fault.catches else 0), report["reasons"]
