"""A relation: how much has to be compared before it is ground to stand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness import Severity
from harness.contract import repeatable
from harness.testing import serve


@pytest.mark.parametrize(
    ("compared", "left_out", "severity"),
    [
        (3, 4, Severity.DOUBT),
        (15, 100, Severity.DOUBT),
        (16, 100, Severity.INFO),
        (3, 2, Severity.INFO),
    ],
)
def test_few_comparisons_of_many_are_a_doubt_and_enough_are_none(
    compared: int, left_out: int, severity: Severity, texts_contract: Any, texts_service: Any
) -> None:
    service: Callable[..., Any] = texts_service(lambda text: {"score": len(text) / 7})
    with serve(service) as fake:
        relation = repeatable(texts_contract(), fake.base_url)
    relation.compared, relation.left_out, relation.findings = compared, left_out, []
    told = [f for f in relation.told() if "left out" in f.message]
    assert [finding.severity for finding in told] == [severity]
