"""The samples of each format."""

from __future__ import annotations

import pytest

from harness.contract.generate.formats import SAMPLES
from harness.contract.schema.schemas import FORMATS, Schema


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_has_its_format(name: str) -> None:
    schema = Schema({"format": name})
    assert [sample for sample in SAMPLES[name] if not schema.accepts(sample)] == []


def test_every_asserted_format_has_samples() -> None:
    assert set(FORMATS) <= SAMPLES.keys()
