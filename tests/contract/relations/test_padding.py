"""Padding: short and long, empty and extreme neighbours change no result."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import Contract, padding
from harness.testing import Handler, Reply, serve

Make = Callable[..., Any]
TEXTS = (
    "the film was a joy to see",
    "a dull and long evening",
    "we loved the warm soup here",
)


def _sums(rows: list[list[float]]) -> list[Any]:
    return [sum(row) / 7 for row in rows]


def test_rows_that_do_not_see_their_neighbours_have_no_finding(
    rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(_sums)) as fake:
        relation = padding(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert relation.compared >= 8


@pytest.mark.parametrize(
    ("name", "predict", "kind"),
    [
        (
            "zeros cut",
            lambda rows: _sums(rows) if all(map(any, rows)) else [0.0] * len(rows),
            "zero",
        ),
        (
            "scaled by the largest",
            lambda rows: [sum(row) / max(1e-9, max(map(max, rows))) for row in rows],
            "at the upper end",
        ),
    ],
)
def test_rows_that_are_changed_by_an_extreme_neighbour_are_found(
    name: str, predict: Any, kind: str, rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(predict)) as fake:
        found = padding(rows_contract(), fake.base_url).told()
    assert [item.rule for item in found] == ["padding"]
    assert kind in found[0].message


def _texts(predict: Callable[[list[str]], list[Any]]) -> Handler:
    def answer(method: str, path: str, body: bytes) -> Reply:
        try:
            rows = json.loads(body)["instances"]
            assert all(isinstance(row, str) for row in rows)
        except (ValueError, TypeError, KeyError, AssertionError, RecursionError):
            return Reply(b'{"error": "bad"}', 400)
        return Reply(json.dumps({"predictions": predict(rows)}).encode())

    return answer


def _padded(rows: list[str]) -> list[Any]:
    """Divides by the padded length: the mask was forgotten."""
    longest = max(len(row.split()) for row in rows)
    return [row.count("o") / longest for row in rows]


def _cut(rows: list[str]) -> list[Any]:
    """Cuts all rows to the shortest."""
    shortest = min(len(row.split()) for row in rows)
    return [" ".join(row.split()[:shortest]).count("o") / 7 for row in rows]


@pytest.fixture
def texts(make_gate: Make) -> Contract:
    """Rows that are texts."""
    lines = "\n".join(json.dumps({"request": {"instances": [text]}}) for text in TEXTS)
    return Contract.load(make_gate('protocol = "kserve-v1"\nexamples = "t.jsonl"', t_jsonl=lines))


@pytest.mark.parametrize(("predict", "kind"), [(_padded, "long"), (_cut, "short")])
def test_a_text_that_changes_beside_longer_or_shorter_ones_is_found(
    predict: Any, kind: str, texts: Contract
) -> None:
    with serve(_texts(predict)) as fake:
        found = padding(texts, fake.base_url).told()
    assert [item.rule for item in found] == ["padding"]
    assert kind in found[0].message


def test_texts_with_a_mask_have_no_finding(texts: Contract) -> None:
    with serve(_texts(lambda rows: [row.count("o") / len(row) for row in rows])) as fake:
        relation = padding(texts, fake.base_url)
    assert relation.told() == []
    assert relation.compared >= 8


def test_rows_without_extremes_are_no_error(make_gate: Make, rows_service: Make) -> None:
    text = 'protocol = "kserve-v1"\nexamples = "one.jsonl"'
    contract = Contract.load(make_gate(text, one_jsonl='{"request": {"instances": [[0, 0, 0]]}}'))
    with serve(rows_service(_sums)) as fake:
        relation = padding(contract, fake.base_url)
    assert relation.compared == 0
    assert "no neighbour" in relation.told()[0].message
