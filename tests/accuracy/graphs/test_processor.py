"""What production's flags say about int8, beside those of this processor."""

from __future__ import annotations

import pytest

from harness import Severity
from harness.accuracy.graphs.processor import about, exact

VNNI = {"avx2", "fma", "avx512f", "avx512bw", "avx512_vnni"}
HASWELL = {"avx2", "fma"}


@pytest.mark.parametrize("flag", ["avx512_vnni", "avx_vnni", "amx_int8", "asimd"])
def test_int8_is_exact_with_vnni_amx_or_on_arm(flag: str) -> None:
    assert exact({"avx2", flag}) == flag


def test_int8_is_not_exact_with_avx512_alone() -> None:
    assert exact({"avx2", "fma", "avx512f", "avx512bw"}) == ""


def test_the_processor_is_told_in_any_case() -> None:
    (found,) = about(VNNI, ())

    assert found.severity is Severity.INFO
    assert "avx512_vnni; production: not declared" in found.message


def test_production_without_vnni_is_a_finding_where_this_has_it() -> None:
    _, found = about(VNNI, ["avx2", "fma"])

    assert (found.rule, found.severity) == ("processor-differs", Severity.WARNING)
    assert found.message.startswith("here avx512_vnni keeps sums")


def test_production_with_vnni_is_a_finding_where_this_lacks_it() -> None:
    _, found = about(HASWELL, ["avx512_vnni"])

    assert found.rule == "processor-differs"
    assert found.message.startswith("in production avx512_vnni keeps sums")


def test_a_declared_flag_stands_for_those_that_come_with_it() -> None:
    assert [row.rule for row in about(VNNI, ["avx512_vnni"])] == ["processor"]


def test_a_flag_that_production_lacks_is_named() -> None:
    _, found = about({*HASWELL, "avx512f"}, ["avx2"])

    assert found.rule == "processor-flags" and "production lacks avx512f" in found.message
