"""Repeatable: what changes is found, noise is measured, ids and times are only mentioned."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import repeatable
from harness.model import Severity
from harness.testing import Handler, Reply, serve

Make = Callable[..., Any]


def _sums(rows: list[list[float]]) -> list[Any]:
    return [sum(row) / 7 for row in rows]


def test_a_service_that_agrees_with_itself_has_no_finding(
    rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(_sums)) as fake:
        relation = repeatable(rows_contract(), fake.base_url)
    assert (relation.told(), relation.largest) == ([], 0.0)
    assert relation.compared in (32, 36, 40)  # eight requests, and the two largest


def test_noise_of_the_largest_request_alone_is_found(
    rows_contract: Make, rows_service: Make
) -> None:
    noise = itertools.count()
    contract = rows_contract()
    largest = max(contract.corpus.valid, key=lambda case: len(case.prepared.body))

    def predict(rows: list[list[float]]) -> list[Any]:
        shift = next(noise) if rows == largest.value["instances"] else 0
        return [value + shift for value in _sums(rows)]

    with serve(rows_service(predict)) as fake:
        found = repeatable(contract, fake.base_url).told()
    assert [item.rule for item in found] == ["not-repeatable"]


def test_noise_of_arithmetic_is_measured_and_no_finding(
    rows_contract: Make, rows_service: Make
) -> None:
    noise = itertools.cycle([0.0, 1e-7, -1e-7])
    with serve(rows_service(lambda rows: [sum(row) / 7 + next(noise) for row in rows])) as fake:
        relation = repeatable(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert 0 < relation.calibration.noise < 1e-6


@pytest.mark.parametrize("size", [0.001, 0.05, 1.0])
def test_noise_that_no_arithmetic_explains_is_found(
    size: float, rows_contract: Make, rows_service: Make
) -> None:
    noise = itertools.cycle([0.0, size, -size])
    with serve(rows_service(lambda rows: [0.5 + next(noise) for _ in rows])) as fake:
        found = repeatable(rows_contract(), fake.base_url).told()
    assert (found[0].rule, found[0].severity) == ("not-repeatable", Severity.ERROR)
    assert found[0].reproduce.startswith("curl ")


def test_an_answer_that_only_the_first_caller_gets_is_found(
    rows_contract: Make, rows_service: Make
) -> None:
    cold: set[bytes] = set()
    good: Handler = rows_service(_sums)

    def answer(method: str, path: str, body: bytes) -> Reply:
        if body in cold:
            return good(method, path, body)
        cold.add(body)
        return Reply(b'{"predictions": [0.25]}')

    with serve(answer) as fake:
        found = repeatable(rows_contract(), fake.base_url).told()
    assert found[0].rule == "not-repeatable"
    assert "has another answer than at first" in found[0].message


def test_an_answer_that_is_missing_at_times_is_found(
    rows_contract: Make, rows_service: Make
) -> None:
    good: Handler = rows_service(_sums)
    count = itertools.count()

    def answer(method: str, path: str, body: bytes) -> Reply:
        failing = next(count) > 30 and next(count) % 5 == 0
        return Reply(b"{}", 500) if failing else good(method, path, body)

    with serve(answer) as fake:
        found = repeatable(rows_contract(), fake.base_url).told()
    assert "has an answer at one time and none at another" in found[0].message


def test_an_id_of_each_answer_is_a_warning_that_names_the_key(
    texts_contract: Make, texts_service: Make
) -> None:
    def predict(text: str) -> Any:
        return {"score": len(text) / 100, "request_id": str(uuid.uuid4())}

    with serve(texts_service(predict)) as fake:
        found = repeatable(texts_contract(), fake.base_url).told()
        meant = repeatable(texts_contract('volatile = ["$.request_id"]'), fake.base_url).told()
    assert [(item.rule, item.severity) for item in found] == [("volatile", Severity.WARNING)]
    assert found[0].expected == '[contract] volatile = ["$.request_id"]'
    assert meant == []


def test_a_lone_member_that_changes_is_found_with_the_key_that_would_allow_it(
    texts_contract: Make, texts_service: Make
) -> None:
    served = itertools.count()
    with serve(texts_service(lambda text: {"score": 0.8, "served": next(served)})) as fake:
        found = repeatable(texts_contract(), fake.base_url).told()
    assert [item.severity for item in found] == [Severity.ERROR, Severity.INFO]
    assert found[1].expected == '[contract] volatile = ["$.served"]'


def test_a_label_between_equal_scores_is_a_tie(texts_contract: Make, texts_service: Make) -> None:
    labels = itertools.cycle("ab")

    def predict(text: str) -> Any:
        return {"label": next(labels), "scores": [0.5, 0.5]}

    with serve(texts_service(predict)) as fake:
        relation = repeatable(texts_contract(), fake.base_url)
    assert relation.told() == []
    assert relation.ties > 0
