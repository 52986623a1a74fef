"""Ids and times are known by their nature; labels, scores and predictions are not excused."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.contract.relations.calibration import calibrated
from harness.testing import Reply, serve

COUNT = itertools.count(1)

EXCUSED: list[tuple[str, Callable[[], Any]]] = [
    ("request_id", lambda: str(uuid.uuid4())),
    ("requestId", lambda: next(COUNT)),
    ("key", lambda: uuid.uuid4().hex),
    ("when", lambda: f"2026-01-01T10:00:{next(COUNT)}"),
    ("timestamp", lambda: int(time.time() * 1e6)),
    ("created", lambda: time.time_ns()),
    ("latency_ms", lambda: next(COUNT) / 7),
    ("inferenceTime", lambda: next(COUNT) / 7),
]
JUDGED: list[tuple[str, Callable[[], Any]]] = [
    ("label", lambda: "ab"[next(COUNT) % 2]),
    ("class_id", lambda: next(COUNT)),
    ("score", lambda: next(COUNT) / 7),
    ("delivery_time", lambda: next(COUNT) / 7),
    ("request_id", lambda: "ab"[next(COUNT) % 2]),
    ("timestamp", lambda: next(COUNT) / 7),
    ("count", lambda: next(COUNT)),
    ("positive", lambda: next(COUNT) % 2 == 0),
]


@pytest.mark.parametrize(("name", "value"), EXCUSED)
def test_ids_and_times_are_left_out(
    name: str, value: Callable[[], Any], texts_contract: Any, texts_service: Any
) -> None:
    with serve(texts_service(lambda text: {"score": 0.5, name: value()})) as fake:
        assert calibrated(texts_contract(), fake.base_url).found == (f"$.{name}",)


@pytest.mark.parametrize(("name", "value"), JUDGED)
def test_what_may_be_the_prediction_is_not_left_out(
    name: str, value: Callable[[], Any], texts_contract: Any, texts_service: Any
) -> None:
    with serve(texts_service(lambda text: {"model": "m", name: value()})) as fake:
        assert calibrated(texts_contract(), fake.base_url).found == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created", lambda: int(time.time())),
        ("served", lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("date", lambda: datetime.now().isoformat(" ", "seconds")),
    ],
)
def test_the_present_second_is_left_out_before_it_has_passed(
    name: str, value: Callable[[], Any], texts_contract: Any, texts_service: Any
) -> None:
    value = value()
    with serve(texts_service(lambda text: {"score": 0.5, name: value})) as fake:
        assert calibrated(texts_contract(), fake.base_url).found == (f"$.{name}",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created", lambda: 1.0e9),
        ("trained", lambda: "2020-01-01T10:00:00Z"),
        ("price", lambda: int(time.time())),
    ],
)
def test_another_time_is_not_left_out_nor_a_number_that_is_none(
    name: str, value: Callable[[], Any], texts_contract: Any, texts_service: Any
) -> None:
    value = value()
    with serve(texts_service(lambda text: {"score": 0.5, name: value})) as fake:
        assert calibrated(texts_contract(), fake.base_url).found == ()


def test_all_that_an_answer_holds_is_its_prediction(
    texts_contract: Any, texts_service: Any
) -> None:
    with serve(texts_service(lambda text: {"latency_ms": next(COUNT) / 7})) as fake:
        assert calibrated(texts_contract(), fake.base_url).found == ()


def test_members_of_items_are_named_with_a_star(texts_contract: Any, texts_service: Any) -> None:
    def predict(text: str) -> Any:
        return {"rows": [{"score": 0.5, "took": next(COUNT) / 7} for _ in range(2)]}

    with serve(texts_service(predict)) as fake:
        assert calibrated(texts_contract(), fake.base_url).found == ("$.rows[*].took",)


def test_a_declared_output_is_never_left_out(rows_contract: Any, rows_service: Any) -> None:
    contract = rows_contract(more="")
    with serve(rows_service(lambda rows: [{"p": next(COUNT) / 7} for _ in rows])) as fake:
        assert calibrated(contract, fake.base_url).found == ()


def test_an_id_that_the_protocol_does_not_count_as_a_prediction_is_not_mentioned(
    rows_contract: Callable[..., Any],
) -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        size = json.loads(body)["inputs"][0]["shape"][0]
        output = {"name": "p", "shape": [size], "datatype": "FP32", "data": [0.5] * size}
        told = {"id": str(uuid.uuid4()), "model_name": "m", "outputs": [output]}
        return Reply(json.dumps(told).encode())

    with serve(answer) as fake:
        assert calibrated(rows_contract("open-inference-v2"), fake.base_url).found == ()
