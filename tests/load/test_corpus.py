"""The contract's requests: whose turn it is, and when an answer is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.load.driving import record as reading
from harness.load.locustside import corpus, layout
from harness.load.locustside.corpus import Corpus
from harness.load.locustside.http import Broken, Head
from harness.load.locustside.recorder import Recorder

_OK = Head(200, {}, True, 2, "application/json")


@pytest.fixture
def requests(tmp_path: Path) -> tuple[Corpus, Recorder]:
    """Three requests, and the record."""
    items = [
        {"method": "POST", "path": f"/{i}", "name": f"POST /{i}", "headers": {}, "body": "e30="}
        for i in range(3)
    ]
    text = "".join(json.dumps(item) + "\n" for item in items)
    (tmp_path / layout.REQUESTS).write_text(text, encoding="utf-8")
    recorder = Recorder(tmp_path)
    recorder.phase = 1
    return Corpus(tmp_path / layout.REQUESTS, recorder), recorder


def _asked(made: Corpus, count: int, netloc: str = "h:1", **phase: Any) -> list[int]:
    turns = made.turns(netloc, phase)
    return [turns.next().index for _ in range(count)]


def test_requests_take_turns_from_one_phase_to_the_next(
    requests: tuple[Corpus, Recorder],
) -> None:
    made, _ = requests
    assert _asked(made, 4) == [0, 1, 2, 0]
    assert _asked(made, 2, bodies="same") == [0, 0]
    assert _asked(made, 2) == [1, 2]
    assert _asked(made, 2, first=0) == [0, 1]
    assert _asked(made, 1, netloc="baseline:1") == [0]


def test_a_step_leaves_requests_to_others(requests: tuple[Corpus, Recorder]) -> None:
    made, _ = requests
    assert _asked(made, 4, first=1, step=2) == [1, 0, 2, 1]


def test_a_long_file_is_not_held_ready(
    requests: tuple[Corpus, Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "_MOST_READY", 2)
    made, _ = requests
    turns = made.turns("h:1", {})
    assert turns.next() is not turns.next()
    assert [turns.next().index, turns.next().index] == [2, 0]


def test_a_request_names_the_server_that_it_goes_to(requests: tuple[Corpus, Recorder]) -> None:
    made, _ = requests
    assert made.turns("one:1", {}).next().data.startswith(b"POST /0 HTTP/1.1\r\nHost: one:1\r\n")
    assert b"Host: two:2\r\n" in made.turns("two:2", {}).next().data


@pytest.mark.parametrize(
    ("answer", "status", "why"),
    [
        ((_OK, b"{}"), 200, layout.NONE),
        ((_OK, b""), 200, layout.OTHER),
        ((Head(503, {}, True, -1, ""), b"busy"), 503, layout.STATUS),
        ((Head(204, {}, True, -1, ""), b""), 204, layout.STATUS),
        (Broken(layout.RESET, "the connection broke"), 0, layout.RESET),
    ],
)
def test_only_200_with_a_body_is_right(
    requests: tuple[Corpus, Recorder],
    tmp_path: Path,
    answer: tuple[Head, bytes] | Broken,
    status: int,
    why: int,
) -> None:
    made, recorder = requests
    request = made.turns("h:1", {}).next()
    right = corpus.record(recorder, request, 1.0, 1.0, 0.1, layout.TICKET, answer)
    recorder.flush()
    (row,) = reading.read_rows(tmp_path / layout.RECORDS)
    assert right == (why == layout.NONE)
    assert (row["status"], layout.why(row["flags"])) == (status, why)
    assert bool(row["flags"] & layout.FAILED) != right


@pytest.mark.parametrize(
    ("expected", "answer", "why"),
    [
        (404, (Head(404, {}, True, -1, "text/html"), b"<p>no"), layout.NONE),
        (422, (Head(422, {}, True, -1, ""), b""), layout.NONE),
        (204, (Head(204, {}, True, -1, ""), b""), layout.NONE),
        (200, (_OK, b""), layout.NONE),
        (404, (_OK, b"{}"), layout.STATUS),
        (200, (Head(404, {}, True, -1, ""), b"no"), layout.STATUS),
        (404, (Head(500, {}, True, -1, ""), b"no"), layout.STATUS),
    ],
)
def test_the_recorded_status_is_right_and_no_other(
    requests: tuple[Corpus, Recorder],
    tmp_path: Path,
    expected: int,
    answer: tuple[Head, bytes],
    why: int,
) -> None:
    made, recorder = requests
    request = made.turns("h:1", {}).next()
    request.expected = expected
    right = corpus.record(recorder, request, 1.0, 1.0, 0.1, layout.TICKET, answer)
    recorder.flush()
    (row,) = reading.read_rows(tmp_path / layout.RECORDS)
    assert (right, layout.why(row["flags"])) == (why == layout.NONE, why)


def test_only_answers_with_200_are_kept_for_the_contract(
    requests: tuple[Corpus, Recorder], tmp_path: Path
) -> None:
    made, recorder = requests
    request = made.turns("h:1", {}).next()
    request.expected = 404
    found = (Head(404, {}, True, -1, "text/html"), b"<p>no")
    corpus.record(recorder, request, 1.0, 1.0, 0.1, layout.TICKET, found)
    assert reading.read_answers(reading.Lines(tmp_path / layout.ANSWERS)) == []


def test_each_answer_that_differs_from_the_last_is_kept(
    requests: tuple[Corpus, Recorder], tmp_path: Path
) -> None:
    made, recorder = requests
    request = made.turns("h:1", {}).next()
    text = Head(200, {}, True, 2, "text/plain")
    answers = [(_OK, b"a"), (_OK, b"a"), (_OK, b"b"), (text, b"b"), (_OK, b"a")]
    for answer in answers:
        corpus.record(recorder, request, 1.0, 1.0, 0.1, layout.TICKET, answer)
    recorder.flush()
    rows = reading.read_rows(tmp_path / layout.RECORDS)
    assert [int(row["answer"]) for row in rows] == [1, 1, 2, 3, 1]
    assert len(reading.read_answers(reading.Lines(tmp_path / layout.ANSWERS))) == 3
