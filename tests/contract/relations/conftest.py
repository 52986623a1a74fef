"""Fixtures of the relation tests: contracts of rows and of texts, and services around functions."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract
from harness.testing import Handler, Reply

ROWS = """protocol = "{protocol}"
{more}
[[contract.inputs]]
name = "x"
shape = ["batch", 3]
range = [0, 10]
[[contract.outputs]]
name = "p"
shape = ["batch"{columns}]
"""
WORDS = (
    "the film was a joy",
    "a dull and long evening",
    "we loved the warm soup",
    "the room was cold again",
    "a friendly host in the hall",
    "never in my life again",
    "the best bread in town",
    "rude people at the door",
    "a quiet and sunny place",
    "nobody came to help us",
    "my children laughed a lot",
    "the sound was much too loud",
)


@pytest.fixture
def rows_contract(make_gate: Callable[..., Gate]) -> Callable[..., Contract]:
    """rows_contract(protocol, more): three numbers a row, one result; `more` are more keys."""

    def make(protocol: str = "kserve-v1", more: str = "", columns: str = "") -> Contract:
        text = ROWS.format(protocol=protocol, more=more, columns=columns)
        return Contract.load(make_gate(text))

    return make


@pytest.fixture
def rows_service() -> Callable[..., Handler]:
    """rows_service(predict): a V1 service around a function of the rows; it takes lists of 3."""

    def make(predict: Callable[[list[list[float]]], list[Any]]) -> Handler:
        def answer(method: str, path: str, body: bytes) -> Reply:
            try:
                rows = json.loads(body)["instances"]
                assert rows and all(len(row) == 3 for row in rows)
                return Reply(json.dumps({"predictions": predict(rows)}).encode())
            except (ValueError, TypeError, KeyError, AssertionError, RecursionError, OverflowError):
                return Reply(b'{"error": "bad rows"}', 400)

        return answer

    return make


@pytest.fixture
def texts_contract(make_gate: Callable[..., Gate]) -> Callable[..., Contract]:
    """texts_contract(more): a plain service that is sent {"text": ...}, with a dozen examples."""

    def make(more: str = "") -> Contract:
        lines = (json.dumps({"request": {"text": text}}) for text in WORDS)
        text = f'path = "/predict"\nexamples = "texts.jsonl"\n{more}'
        return Contract.load(make_gate(text, texts_jsonl="\n".join(lines)))

    return make


@pytest.fixture
def texts_service() -> Callable[..., Handler]:
    """texts_service(predict): a plain service around a function of the text."""

    def make(predict: Callable[[str], Any]) -> Handler:
        def answer(method: str, path: str, body: bytes) -> Reply:
            try:
                text = json.loads(body)["text"]
                assert isinstance(text, str)
                return Reply(json.dumps(predict(text)).encode())
            except (ValueError, TypeError, KeyError, AssertionError, RecursionError, OverflowError):
                return Reply(b'{"error": "bad text"}', 400)

        return answer

    return make


class Meeting:
    """Lets two callers meet, where two are there at once."""

    def __init__(self) -> None:
        self._together = threading.Barrier(2)

    def wait(self) -> bool:
        """Whether another one came within 2 ms."""
        try:
            self._together.wait(0.002)
        except threading.BrokenBarrierError:
            self._together.reset()
            return False
        return True


@pytest.fixture
def meeting() -> Meeting:
    """meeting.wait(): whether two requests are in the service at once."""
    return Meeting()
