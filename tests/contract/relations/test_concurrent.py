"""Concurrent: each of several clients gets the answer to its own request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import concurrent, repeatable
from harness.errors import GateError
from harness.testing import Handler, Reply, serve

Make = Callable[..., Any]


def _sums(rows: list[list[float]]) -> list[Any]:
    return [sum(row) / 7 for row in rows]


def test_a_service_that_keeps_requests_apart_has_no_finding(
    rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(_sums)) as fake:
        relation = concurrent(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert relation.compared == 192


def test_a_buffer_that_clients_share_is_found(
    meeting: Any, rows_contract: Make, rows_service: Make
) -> None:
    shared: dict[str, Any] = {}

    def predict(rows: list[list[float]]) -> list[Any]:
        shared["rows"] = rows
        meeting.wait()
        return _sums(shared["rows"])

    with serve(rows_service(predict)) as fake:
        contract = rows_contract()
        found = concurrent(contract, fake.base_url).told()
        alone = repeatable(contract, fake.base_url).told()
    assert [item.rule for item in found] == ["concurrent"]
    assert "when 8 clients ask at once" in found[0].message
    assert alone == []


class _Batcher:
    """Puts single rows that arrive together into one batch, and hands the results out."""

    def __init__(self, mixed_up: bool) -> None:
        self._mixed_up = mixed_up
        self._lock = threading.Lock()
        self._waiting: list[tuple[list[float], list[Any], threading.Event]] = []

    def predict(self, rows: list[list[float]]) -> list[Any]:
        if len(rows) > 1:
            return _sums(rows)
        box: list[Any] = []
        done = threading.Event()
        with self._lock:
            self._waiting.append((rows[0], box, done))
        time.sleep(0.002)
        with self._lock:
            batch, self._waiting = self._waiting, []
        results = _sums([row for row, _, _ in batch])
        if self._mixed_up:
            results = results[::-1]
        for (_, place, event), result in zip(batch, results, strict=True):
            place.append(result)
            event.set()
        done.wait(5)
        return box


@pytest.mark.parametrize("mixed_up", [False, True])
def test_a_dynamic_batch_whose_answers_are_mixed_up_is_found_and_a_good_one_is_not(
    mixed_up: bool, rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(_Batcher(mixed_up).predict)) as fake:
        found = concurrent(rows_contract(), fake.base_url).told()
    assert [item.rule for item in found] == ["concurrent"] * mixed_up
    assert all("when 8 clients ask at once" in item.message for item in found)


def _busy(meeting: Any, good: Handler, refusal: Reply) -> Handler:
    running = threading.Semaphore(1)

    def answer(method: str, path: str, body: bytes) -> Reply:
        if not running.acquire(blocking=False):
            return refusal
        meeting.wait()
        running.release()
        return good(method, path, body)

    return answer


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_may_say_that_it_is_busy(
    status: int, meeting: Any, rows_contract: Make, rows_service: Make
) -> None:
    refusal = Reply(b'{"error": "busy"}', status)
    with serve(_busy(meeting, rows_service(_sums), refusal)) as fake:
        relation = concurrent(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert relation.refused > 0


def test_a_server_that_breaks_under_parallel_requests_is_found(
    meeting: Any, rows_contract: Make, rows_service: Make
) -> None:
    crash = Reply(b'{"error": "crash"}', 500)
    with serve(_busy(meeting, rows_service(_sums), crash)) as fake:
        found = concurrent(rows_contract(), fake.base_url).told()
    assert "had an answer, and has none when 8 clients ask at once" in found[0].message


def test_a_service_of_chance_has_nothing_to_compare(
    rows_contract: Make, rows_service: Make
) -> None:
    count = iter(range(100_000))
    with serve(rows_service(lambda rows: [next(count) for _ in rows])) as fake:
        with pytest.raises(GateError, match="the same answer twice"):
            concurrent(rows_contract(), fake.base_url)


def test_a_server_without_keep_alive_and_50_ms_slow_has_no_finding(
    rows_contract: Make, rows_service: Make
) -> None:
    good: Handler = rows_service(_sums)
    one_at_a_time = threading.Lock()

    def answer(method: str, path: str, body: bytes) -> Reply:
        with one_at_a_time:
            time.sleep(0.05)
        reply = good(method, path, body)
        return Reply(reply.body, reply.status, {**reply.headers, "Connection": "close"})

    with serve(answer) as fake:
        relation = concurrent(rows_contract(), fake.base_url)
    assert {item.rule for item in relation.told()} <= {"concurrent-coverage"}
    assert relation.compared > 50


def test_noise_of_another_batch_is_no_finding(rows_contract: Make, rows_service: Make) -> None:
    busy = threading.local()

    def predict(rows: list[list[float]]) -> list[Any]:
        busy.turn = getattr(busy, "turn", 0) + 1
        return [value * (1 + 1e-7 * (busy.turn % 2)) for value in _sums(rows)]

    with serve(rows_service(predict)) as fake:
        relation = concurrent(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert json.dumps(relation.largest) != "0.0"


def _tensors(seen: dict[str, Any], meeting: Any, mixed_up: bool) -> Handler:
    """Open Inference Protocol V2; the id of a request is kept where others write theirs."""

    def answer(method: str, path: str, body: bytes) -> Reply:
        try:
            value = json.loads(body)
            (tensor,) = value["inputs"]
            size = tensor["shape"][0]
            sums = [sum(tensor["data"][3 * i : 3 * i + 3]) / 7 for i in range(size)]
        except (ValueError, TypeError, KeyError, LookupError, RecursionError, AttributeError):
            return Reply(b'{"error": "bad"}', 400)
        seen["id"] = value.get("id")
        meeting.wait()
        said = seen["id"] if mixed_up else value.get("id")
        output = {"name": "p", "shape": [size], "datatype": "FP32", "data": sums}
        told = {"model_name": "m", "outputs": [output]} | ({"id": said} if said else {})
        return Reply(json.dumps(told).encode())

    return answer


@pytest.mark.parametrize("mixed_up", [False, True])
def test_an_answer_with_the_id_of_another_request_is_found(
    mixed_up: bool, meeting: Any, rows_contract: Make
) -> None:
    with serve(_tensors({}, meeting, mixed_up)) as fake:
        found = concurrent(rows_contract("open-inference-v2"), fake.base_url).told()
    assert [(item.rule, item.location) for item in found] == [("concurrent", "$.id")] * mixed_up
    assert all("the id of another request" in item.message for item in found)
