"""Answers under load, held against the contract."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.load.driving import strays
from harness.load.driving.answers import Answers, usual_faults
from harness.load.driving.record import ROW, Rows
from harness.load.driving.strays import Strays
from harness.load.locustside import layout
from harness.model import Finding


def _line(number: int, body: bytes) -> str:
    text = base64.b64encode(body).decode()
    return json.dumps({"id": number, "request": 0, "status": 200, "headers": {}, "body": text})


def _rows(*answers: int) -> Rows:
    rows = np.zeros(len(answers), dtype=ROW)
    rows["answer"], rows["flags"] = answers, layout.TICKET
    return rows


def test_each_distinct_answer_is_judged_by_the_contract(
    promise: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(_line(1, b'{"positive": true}') + "\n" + _line(2, b"null") + "\n")
    answers = Answers(path, promise(wanted=b"positive"))
    answers.look()
    assert answers.wrong == {2: "response-schema: not what was promised at $.positive"}
    assert not answers.unheld(_rows(1, 2)).any()


def test_a_later_look_sees_what_came_since(promise: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    answers = Answers(path, promise(wanted=b"positive"))
    answers.look()
    path.write_text(_line(1, b"null") + "\n")
    answers.look()
    path.write_text(_line(1, b"null") + "\n" + _line(2, b"0") + "\n")
    answers.look()
    assert set(answers.wrong) == {1, 2}


def test_answers_to_requests_that_the_contract_does_not_speak_of_are_not_judged(
    promise: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(_line(1, b"null") + "\n")
    answers = Answers(path, promise(wanted=b"positive"), promised={5})
    answers.look()
    assert answers.wrong == {}


def test_no_answers_are_not_wrong(promise: Callable[..., Any], tmp_path: Path) -> None:
    answers = Answers(tmp_path / "answers.jsonl", promise(wanted=b"x"))
    answers.look()
    assert answers.wrong == {}


def test_what_is_wrong_without_load_too_is_left_to_the_contract_checks(
    promise: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(_line(1, b"null") + "\n")
    quiet = SimpleNamespace(succeeded=True, answer=SimpleNamespace(body=b"null"))
    contract = promise(wanted=b"positive", exchanges=(quiet,))
    usual = usual_faults(contract, "http://127.0.0.1:1")
    assert usual == {"response-schema"}
    answers = Answers(path, contract, usual)
    answers.look()
    assert answers.wrong == {}


def test_rows_with_a_wrong_answer_are_failed_ones(
    promise: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(_line(1, b'{"positive": true}') + "\n" + _line(2, b"null") + "\n")
    answers = Answers(path, promise(wanted=b"positive"))
    answers.look()
    rows = _rows(1, 2, 1)
    answers.mark(rows)
    assert [bool(flags & layout.FAILED) for flags in rows["flags"]] == [False, True, False]
    assert layout.why(rows["flags"]).tolist() == [layout.NONE, layout.OTHER, layout.NONE]


def test_where_a_sample_shows_wrong_answers_as_many_of_the_others_are_in_doubt(
    promise: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(_line(1, b'{"positive": true}') + "\n" + _line(2, b"null") + "\n")
    answers = Answers(path, promise(wanted=b"positive"))
    answers.look()
    rows = _rows(*[1] * 30, *[2] * 9, *[layout.DROPPED_ANSWER] * 60)
    answers.mark(rows)
    assert np.count_nonzero(rows["flags"] & layout.DOUBTFUL) == 20  # 10 of 39, rounded up
    sound = _rows(*[1] * 30, *[layout.DROPPED_ANSWER] * 60)
    answers.mark(sound)
    assert not (sound["flags"] & layout.DOUBTFUL).any()


def test_answers_that_are_others_than_quiet_ones_fail_where_the_endpoint_was_under_load(
    promise: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere, as at a baseline, they are somebody else's; those without a quiet one may fail."""
    path = tmp_path / "answers.jsonl"
    other = json.loads(_line(3, b"3")) | {"request": 9}
    path.write_text(f"{_line(1, b'1')}\n{_line(2, b'2')}\n{json.dumps(other)}\n")
    told = Finding("other-answer", "1 of 2")
    monkeypatch.setattr(strays, "find", lambda *_: Strays(frozenset({2}), (told,)))
    quiet: Any = SimpleNamespace(problem="", base_url="http://here", known=frozenset({0}))
    answers = Answers(path, promise(), quiet=quiet)
    answers.look()
    here, there = _rows(1, 2, 1, 3), _rows(1, 2, 1, 3)
    held, elsewhere = answers.mark(here, "http://here"), answers.mark(there, "http://there")
    assert held.wrong == {2: strays.REASON}
    assert (held.findings, elsewhere.findings, elsewhere.wrong) == ((told,), (), {})
    assert [bool(flags & layout.FAILED) for flags in here["flags"]] == [False, True, False, False]
    assert [bool(flags & layout.DOUBTFUL) for flags in here["flags"]] == [False, False, False, True]
    assert not (there["flags"] & layout.FAILED).any()
