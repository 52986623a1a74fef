"""What scores decide: the largest column, where it clearly leads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.config import Gate
from harness.contract import Contract
from harness.contract.judging.decisions import decided_otherwise

Make = Callable[..., Gate]

TEXT = """path = "/predict"
[[contract.inputs]]
name = "x"
shape = ["batch", 2]
[[contract.outputs]]
name = "p"
shape = ["batch", 2]
"""


@pytest.mark.parametrize(
    ("declared", "then", "now", "other"),
    [
        ("sums_to = 1.0", [[0.9, 0.1]], [[0.1, 0.9]], True),
        ('labels = ["a", "b"]', [[2.0, 1.0]], [[1.0, 2.0]], True),
        ("sums_to = 1.0", [[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.3], [0.4, 0.6]], False),
        ("sums_to = 1.0", [[0.500001, 0.499999]], [[0.3, 0.7]], False),
        ("", [[0.9, 0.1]], [[0.1, 0.9]], False),
        ("sums_to = 1.0", [["a", "b"]], [[0.1, 0.9]], False),
    ],
)
def test_another_class_counts_where_scores_are_declared_and_lead_clearly(
    make_gate: Make, declared: str, then: object, now: object, other: bool
) -> None:
    form = Contract.load(make_gate(TEXT + declared)).form
    assert decided_otherwise(form, {"p": then}, {"p": now}, 1e-5) is other
