"""Batch: every size is compared with the rows alone, none above the largest that is declared."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import batch
from harness.model import Severity
from harness.testing import Handler, Reply, serve

Make = Callable[..., Any]
Rows = Callable[[list[list[float]]], list[Any]]


def _sums(rows: list[list[float]]) -> list[Any]:
    return [sum(row) / 7 for row in rows]


def _coupled(rows: list[list[float]]) -> list[Any]:
    mean = sum(_sums(rows)) / len(rows)
    return [0.98 * value + 0.02 * mean for value in _sums(rows)]


DEFECTS: list[tuple[str, Rows]] = [
    ("normalised over the batch", _coupled),
    ("sorted", lambda rows: sorted(_sums(rows))),
    ("made up beyond 16", lambda rows: [*_sums(rows[:16]), *[0.0 for _ in rows[16:]]]),
    ("made up at 31", lambda rows: [0.0 for _ in rows] if len(rows) == 31 else _sums(rows)),
    ("first row for all", lambda rows: [sum(rows[0]) / 7 for _ in rows]),
    ("last row shifts", lambda rows: [value - 0.001 * (len(rows) > 32) for value in _sums(rows)]),
]


@pytest.mark.parametrize(("name", "predict"), DEFECTS)
def test_rows_that_depend_on_their_batch_are_found(
    name: str, predict: Rows, rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(predict)) as fake:
        found = batch(rows_contract(), fake.base_url).told()
    assert [(item.rule, item.severity) for item in found] == [("batch", Severity.ERROR)]
    assert "than the same row alone" in found[0].message
    assert found[0].location.startswith("$[")


def test_the_sizes_are_named(rows_contract: Make, rows_service: Make) -> None:
    with serve(rows_service(DEFECTS[2][1])) as fake:
        found = batch(rows_contract(), fake.base_url).told()
    assert "row 17 of 17 has another result" in found[0].message
    assert "seen with: 1 of 17 rows, 15 of 31 rows, 16 of 32 rows, 17 of 33" in found[0].message


def test_another_row_s_result_is_told(rows_contract: Make, rows_service: Make) -> None:
    with serve(rows_service(lambda rows: _sums(rows[1:] + rows[:1]))) as fake:
        found = batch(rows_contract(), fake.base_url).told()
    assert "than the same row alone: it has the result of [" in found[0].message


@pytest.mark.parametrize("noise", [1e-7, 1e-5])
def test_noise_by_the_size_of_the_batch_is_measured_and_no_finding(
    noise: float, rows_contract: Make, rows_service: Make
) -> None:
    def predict(rows: list[list[float]]) -> list[Any]:
        return [value * (1 + noise * (len(rows) > 8)) for value in _sums(rows)]

    with serve(rows_service(predict)) as fake:
        relation = batch(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert 0 < relation.largest <= relation.tolerance


def test_a_label_between_equal_scores_is_a_tie(rows_contract: Make, rows_service: Make) -> None:
    def predict(rows: list[list[float]]) -> list[Any]:
        up = 1e-7 * (len(rows) > 8)
        return [{"p": [0.5 - up, 0.5 + up], "label": "b" if up else "a"} for _ in rows]

    with serve(rows_service(predict)) as fake:
        relation = batch(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert relation.ties > 0


def test_another_label_with_a_clear_margin_is_found(
    rows_contract: Make, rows_service: Make
) -> None:
    def predict(rows: list[list[float]]) -> list[Any]:
        return [{"p": [0.3, 0.7], "label": "b" if len(rows) > 8 else "a"} for _ in rows]

    with serve(rows_service(predict)) as fake:
        found = batch(rows_contract(), fake.base_url).told()
    assert found[0].rule == "batch"
    assert found[0].location.endswith(".label")


def _seen(answer: Handler, sizes: list[int]) -> Handler:
    def wrapped(method: str, path: str, body: bytes) -> Reply:
        reply = answer(method, path, body)
        if reply.status == 200:
            sizes.append(len(json.loads(body)["instances"]))
        return reply

    return wrapped


def test_the_largest_batch_is_asked_and_none_above(rows_contract: Make, rows_service: Make) -> None:
    sizes: list[int] = []
    with serve(_seen(rows_service(_sums), sizes)) as fake:
        batch(rows_contract(more="max_batch = 12"), fake.base_url)
    assert max(sizes) == 12
    assert {2, 3, 7, 8, 9} <= set(sizes)


@pytest.mark.parametrize("known_by", [slice(200), slice(-200, None)])
def test_a_cache_that_knows_large_requests_by_their_first_or_last_bytes_is_found(
    known_by: slice, rows_contract: Make, rows_service: Make
) -> None:
    good: Handler = rows_service(_sums)
    kept: dict[Any, Reply] = {}

    def answer(method: str, path: str, body: bytes) -> Reply:
        rows = body.count(b"[")
        reply = good(method, path, body)
        return kept.setdefault((rows, body[known_by]), reply) if rows > 30 else reply

    with serve(answer) as fake:
        found = batch(rows_contract(), fake.base_url).told()
    assert [item.rule for item in found if item.severity is Severity.ERROR] == ["batch"]
    assert "it has the result of" in found[0].message


def test_a_batch_that_is_refused_is_told_and_no_finding(
    rows_contract: Make, rows_service: Make
) -> None:
    good: Handler = rows_service(_sums)

    def answer(method: str, path: str, body: bytes) -> Reply:
        large = body.count(b"[") > 18
        return Reply(b'{"error": "at most 17"}', 413) if large else good(method, path, body)

    with serve(answer) as fake:
        relation = batch(rows_contract(), fake.base_url)
    assert {item.severity for item in relation.told()} == {Severity.INFO}
    assert relation.refused == 3


def test_a_service_that_takes_one_row_at_a_time_is_no_error(
    rows_contract: Make, rows_service: Make
) -> None:
    good: Handler = rows_service(_sums)

    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"{}", 422) if body.count(b"[") > 2 else good(method, path, body)

    with serve(answer) as fake:
        relation = batch(rows_contract(), fake.base_url)
    assert relation.compared == 0
    assert {item.severity for item in relation.told()} == {Severity.INFO}


def test_a_row_that_changes_by_itself_is_not_the_batch_s_fault(
    rows_contract: Make, rows_service: Make
) -> None:
    count = iter(range(1_000_000))
    with serve(rows_service(lambda rows: [float(next(count)) for _ in rows])) as fake:
        found = batch(rows_contract(), fake.base_url).told()
    assert found == []


def test_volatile_members_are_left_out(rows_contract: Make, rows_service: Make) -> None:
    count = iter(range(1_000_000))

    def predict(rows: list[list[float]]) -> list[Any]:
        return [{"p": sum(row), "rank": next(count)} for row in rows]

    with serve(rows_service(predict)) as fake:
        contract = rows_contract(more='volatile = ["$.predictions[*].rank"]')
        assert batch(contract, fake.base_url).told() == []


def test_named_tensors_are_compared_row_by_row(rows_contract: Make) -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        try:
            tensor = json.loads(body)["inputs"][0]
            rows, data = tensor["shape"][0], tensor["data"]
            sums = [sum(data[i * 3 : i * 3 + 3]) + (rows > 8) for i in range(rows)]
        except (ValueError, TypeError, KeyError, RecursionError, LookupError):
            return Reply(b'{"error": "bad"}', 400)
        output = {"name": "p", "shape": [rows], "datatype": "FP32", "data": sums}
        return Reply(json.dumps({"outputs": [output]}).encode())

    with serve(answer) as fake:
        found = batch(rows_contract("open-inference-v2"), fake.base_url).told()
    assert found[0].location.endswith(".p")
