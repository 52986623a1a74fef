"""What is read of a processor."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from harness import cpuinfo

XEON = "processor\t: 0\nmodel name\t: Xeon\nflags\t\t: fpu avx2 avx512_vnni\n\nprocessor\t: 1\n"


def _told(monkeypatch: pytest.MonkeyPatch, path: Path, text: str) -> None:
    path.write_text(text)
    monkeypatch.setattr(cpuinfo, "_FILE", path)


def test_name_and_flags_are_those_of_the_first_core(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _told(monkeypatch, tmp_path / "cpuinfo", XEON)

    assert cpuinfo.name() == "Xeon"
    assert cpuinfo.flags() == {"fpu", "avx2", "avx512_vnni"}


def test_the_features_of_arm_are_its_flags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _told(monkeypatch, tmp_path / "cpuinfo", "processor : 0\nFeatures : fp asimd i8mm\n")

    assert cpuinfo.choosing(cpuinfo.flags()) == ("asimd", "i8mm")


@pytest.mark.parametrize(("machine", "flags"), [("arm64", {"asimd"}), ("x86_64", set())])
def test_without_a_file_no_more_is_known_than_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, machine: str, flags: set[str]
) -> None:
    monkeypatch.setattr(cpuinfo, "_FILE", tmp_path / "none")
    monkeypatch.setattr(platform, "machine", lambda: machine)

    assert cpuinfo.flags() == flags


def test_flags_that_choose_no_kernel_are_left_out() -> None:
    assert cpuinfo.choosing({"fpu", "avx2", "vmx"}) == ("avx2",)


def test_a_flag_in_another_spelling_is_recognized_and_others_are_left_alone() -> None:
    told = ("AVX512VNNI", "amx-int8", "avx2", "avx512_vbmi", "sse4_1")
    assert cpuinfo.misspelt(told) == {"AVX512VNNI": "avx512_vnni", "amx-int8": "amx_int8"}


def test_machines_that_differ_in_a_flag_have_another_identity(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _told(monkeypatch, tmp_path / "one", "model name : Xeon\nflags : avx2 fpu\n")
    first = cpuinfo.identity()
    _told(monkeypatch, tmp_path / "same", "model name : Xeon\nflags : fpu avx2\n")
    assert cpuinfo.identity() == first
    _told(monkeypatch, tmp_path / "other", "model name : Xeon\nflags : fpu avx2 avx512_vnni\n")
    assert cpuinfo.identity() != first
