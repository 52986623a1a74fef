"""History: what was asked before, served or refused, changes no answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import history, repeatable
from harness.errors import GateError
from harness.testing import Handler, Reply, serve

Make = Callable[..., Any]


def _sums(rows: list[list[float]]) -> list[Any]:
    return [sum(row) / 7 for row in rows]


def test_a_service_without_a_memory_has_no_finding(rows_contract: Make, rows_service: Make) -> None:
    with serve(rows_service(_sums)) as fake:
        relation = history(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert relation.compared > 30


def test_a_service_that_a_refused_request_poisons_is_found(
    rows_contract: Make, rows_service: Make
) -> None:
    good: Handler = rows_service(_sums)
    poisoned = threading.Event()

    def answer(method: str, path: str, body: bytes) -> Reply:
        reply = good(method, path, body)
        if reply.status == 400:
            poisoned.set()
        elif poisoned.is_set():
            poisoned.clear()  # the next caller has it, and only that one
            return Reply(b'{"predictions": [0.25]}')
        return reply

    with serve(answer) as fake:
        contract = rows_contract()
        calm = repeatable(contract, fake.base_url).told()
        found = history(contract, fake.base_url).told()
    assert calm == []
    assert [item.rule for item in found] == ["history"]
    assert "has another answer when asked again after " in found[0].message


def test_a_service_that_several_refusals_in_a_row_poison_is_found(
    rows_contract: Make, rows_service: Make
) -> None:
    good: Handler = rows_service(_sums)
    refused: list[int] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        reply = good(method, path, body)
        if reply.status != 200:
            refused.append(1)
            return reply
        poisoned = len(refused) > 1
        refused.clear()
        return Reply(b'{"predictions": [0.25]}') if poisoned else reply

    with serve(answer) as fake:
        found = history(rows_contract(), fake.base_url).told()
    assert [item.rule for item in found] == ["history"]
    assert "refused requests in a row" in found[0].message


def test_what_the_abuse_of_other_checks_left_behind_is_found(
    rows_contract: Make, rows_service: Make
) -> None:
    poisoned = threading.Event()
    good: Handler = rows_service(_sums)

    def answer(method: str, path: str, body: bytes) -> Reply:
        wrong = Reply(b'{"predictions": [0.25]}')
        return wrong if poisoned.is_set() else good(method, path, body)

    contract = rows_contract()
    with serve(answer) as fake:
        contract.survey(fake.base_url)
        poisoned.set()
        found = history(contract, fake.base_url).told()
    assert "than at first" in found[0].message


def test_an_answer_to_the_request_before_is_found(rows_contract: Make, rows_service: Make) -> None:
    good: Handler = rows_service(_sums)
    before: list[Reply] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        reply = good(method, path, body)
        before.append(reply)
        return before[-2] if len(before) > 1 and reply.status == 200 else reply

    with serve(answer) as fake:
        found = history(rows_contract(), fake.base_url).told()
    assert "history" in {item.rule for item in found}


def test_a_cache_whose_key_is_too_short_is_found(rows_contract: Make) -> None:
    kept: dict[bytes, list[float]] = {}

    def answer(method: str, path: str, body: bytes) -> Reply:
        try:
            rows = json.loads(body)["instances"]
            result = _sums(rows)
        except (ValueError, TypeError, KeyError, RecursionError):
            return Reply(b'{"error": "bad"}', 400)
        if len(kept) > 3:
            kept.clear()
        return Reply(json.dumps({"predictions": kept.setdefault(body[:18], result)}).encode())

    with serve(answer) as fake:
        found = history(rows_contract(), fake.base_url).told()
    assert found


def test_a_service_that_breaks_after_abuse_is_found(
    rows_contract: Make, rows_service: Make
) -> None:
    good: Handler = rows_service(_sums)
    refused: list[int] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        reply = good(method, path, body)
        if reply.status == 400:
            refused.append(1)
        return Reply(b"{}", 500) if len(refused) > 4 else reply

    with serve(answer) as fake:
        found = history(rows_contract(), fake.base_url).told()
    assert "had an answer, and has none when asked again after" in found[0].message


def test_a_service_of_chance_has_no_history_to_compare(
    rows_contract: Make, rows_service: Make
) -> None:
    count = iter(range(100_000))
    with serve(rows_service(lambda rows: [next(count) for _ in rows])) as fake:
        with pytest.raises(GateError, match="the same answer twice"):
            history(rows_contract(), fake.base_url)
