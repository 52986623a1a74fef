"""Rows through the wire: what the users of the candidate get."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends.base import Answers, Options
from harness.accuracy.backends.running import answers
from harness.accuracy.backends.served import load
from harness.accuracy.errors import ModelError
from harness.testing import Reply, serve

ROWS = np.eye(3, dtype=np.float32)[np.arange(6) % 3]
START = 'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:9"\n[contract]\n'
ONE_ROW = """
protocol = "json"
path = "/predict"
examples = "examples.jsonl"
[accuracy]
dataset = "eval.npz"
reference = "eval.npz"
[accuracy.served]
request = ["$row"]
answer = "/class"
"""
BATCHES = """
protocol = "tensorflow-serving"
max_batch = 4
[[contract.inputs]]
name = "x"
datatype = "FP32"
shape = ["batch", 3]
"""
OUTPUTS = """
[[contract.outputs]]
name = "label"
datatype = "INT64"
shape = ["batch"]
[[contract.outputs]]
name = "scores"
datatype = "FP32"
shape = ["batch", 3]
"""
Said = Callable[[Any], Any]


def _asked(folder: Path, gate: str, say: Said, feeds: Any = None, batch: int = 32) -> Answers:
    """`say` gives the answer to a request's body; a Reply stands for itself."""
    (folder / "examples.jsonl").write_text('{"request": [[1, 0, 0]]}\n')
    (folder / "eval.npz").write_bytes(b"")
    (folder / "gate.toml").write_text(START + gate)

    def handle(method: str, path: str, body: bytes) -> Reply:
        found = say(json.loads(body) if body else None)
        return found if isinstance(found, Reply) else Reply(json.dumps(found).encode())

    with serve(handle) as endpoint:
        options = Options(settings={"url": endpoint.base_url})
        session = load(folder / "gate.toml", options)
        with closing(session):
            return answers(session, {"x": ROWS} if feeds is None else feeds, batch)


def test_a_template_carries_one_row_and_answers_a_class(tmp_path: Path) -> None:
    found = _asked(tmp_path, ONE_ROW, lambda body: {"class": int(np.argmax(body[0]))})
    assert found.values.tolist() == [0, 1, 2, 0, 1, 2]
    assert not found.missing.any()


def test_a_request_carries_as_many_rows_as_the_contract_allows(tmp_path: Path) -> None:
    sizes: list[int] = []

    def say(body: Any) -> Any:
        if body is None:
            return Reply(b"{}", 404)
        sizes.append(len(body["instances"]))
        return {"predictions": body["instances"]}

    found = _asked(tmp_path, BATCHES, say)
    assert found.values.tolist() == ROWS.tolist()
    assert sizes == [4, 2]


@pytest.mark.parametrize(("output", "shape"), [("", (6,)), ('output = "scores"', (6, 3))])
def test_of_several_outputs_the_first_or_the_one_asked_for(
    tmp_path: Path, output: str, shape: tuple[int, ...]
) -> None:
    gate = f'{BATCHES}{OUTPUTS}[accuracy]\ndataset="eval.npz"\nreference="eval.npz"\n{output}\n'

    def say(body: Any) -> Any:
        rows = body["instances"]
        return {"predictions": [{"label": int(np.argmax(row)), "scores": row} for row in rows]}

    assert _asked(tmp_path, gate, say).values.shape == shape


def test_several_columns_become_inputs_by_name(tmp_path: Path) -> None:
    """In whatever order they come."""
    inputs = "".join(
        f'[[contract.inputs]]\nname = "{name}"\ndatatype = "FP32"\nshape = ["batch"]\n'
        for name in ("a", "b")
    )
    gate = f'protocol = "tensorflow-serving"\n{inputs}{OUTPUTS}'

    sent: list[Any] = []

    def say(body: Any) -> Any:
        sent.append(body)
        rows = body["instances"]
        return {"predictions": [{"label": 0, "scores": [r["a"], r["b"], 0.5]} for r in rows]}

    feeds = {"b": np.asarray([3.0, 4.0]), "a": np.asarray([1.0, 2.0])}
    found = _asked(tmp_path, gate, say, feeds)
    assert sent[0]["instances"] == [{"a": 1.0, "b": 3.0}, {"a": 2.0, "b": 4.0}]
    assert found.values.tolist() == [0, 0]
    with pytest.raises(ModelError, match="the contract has the inputs a, b, but is given a, c"):
        _asked(tmp_path, gate, say, {"a": np.zeros(2), "c": np.zeros(2)})


def test_a_template_takes_several_columns_as_an_object(tmp_path: Path) -> None:
    def say(body: Any) -> Any:
        return {"class": int(body[0]["a"] + body[0]["b"])}

    feeds = {"a": np.asarray([1, 2]), "b": np.asarray([10, 20])}
    assert _asked(tmp_path, ONE_ROW, say, feeds).values.tolist() == [11, 22]


def test_rows_that_are_refused_are_missing(tmp_path: Path) -> None:
    def say(body: Any) -> Any:
        return Reply(b"boom", 500) if body[0][1] == 1 else {"class": 0}

    found = _asked(tmp_path, ONE_ROW, say)
    assert found.missing.tolist() == [False, True, False] * 2
    assert found.problem == "status 500: boom"
    assert len(found.values) == 4


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"label": 1}', b"\xff", b"[" * 100_000])
def test_answers_that_cannot_be_read_are_missing(tmp_path: Path, body: bytes) -> None:
    found = _asked(tmp_path, ONE_ROW, lambda _: Reply(body))
    assert found.missing.all()
    assert found.problem


def test_one_row_that_is_refused_does_not_take_its_batch_along(tmp_path: Path) -> None:
    def say(body: Any) -> Any:
        if body is None:
            return Reply(b"{}", 404)
        wrong = any(row[0] is None for row in body["instances"])
        return Reply(b"null", 400) if wrong else {"predictions": body["instances"]}

    holed = ROWS.copy()
    holed[2, 0] = np.nan
    found = _asked(tmp_path, BATCHES, say, {"x": holed})
    assert found.missing.tolist() == [False, False, True, False, False, False]
    assert found.values.tolist() == ROWS[[0, 1, 3, 4, 5]].tolist()
    assert found.problem == "status 400: null"


def test_a_number_that_json_does_not_have_is_not_sent(tmp_path: Path) -> None:
    endless = ROWS.copy()
    endless[0, 0] = np.inf
    found = _asked(tmp_path, ONE_ROW, lambda body: {"class": 0}, {"x": endless})
    assert found.missing.tolist() == [True] + [False] * 5
    assert found.problem.startswith("a row cannot be sent: ")


def test_too_few_answers_are_missing(tmp_path: Path) -> None:
    def say(body: Any) -> Any:
        return Reply(b"{}", 404) if body is None else {"predictions": body["instances"][:1]}

    found = _asked(tmp_path, BATCHES, say)
    assert found.missing.all()
    assert found.problem.startswith("1 answers for 4 rows: ")


@pytest.mark.parametrize("value", [None, {}, [[1], [1, 2]]])
def test_answers_that_mean_nothing_are_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ModelError, match="the answers are not classes or scores of one shape"):
        _asked(tmp_path, ONE_ROW, lambda _: {"class": value})


def test_a_candidate_that_is_gone_gives_no_wrong_answers(tmp_path: Path) -> None:
    _asked(tmp_path, ONE_ROW, lambda _: {"class": 0})
    session = load(tmp_path / "gate.toml", Options(settings={"url": "http://127.0.0.1:9"}))
    with pytest.raises(ModelError, match="the candidate does not answer rows"):
        answers(session, {"x": ROWS}, 32)
