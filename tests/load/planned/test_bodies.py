"""The requests that load is made of: different by default, in declared sizes, in a fixed order."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.config import load
from harness.contract import Contract
from harness.load import LoadError
from harness.load.planned import bodies
from harness.testing import Reply, serve

TENSORS = """
protocol = "tensorflow-serving"
max_batch = 32
[[contract.inputs]]
name = "x"
datatype = "FP32"
shape = ["batch", 4]
range = [0, 1]
"""
TEXTS = 'protocol = "json"\npath = "/predict"\nrequest = "request.json"\nexamples = "e.jsonl"\n'


@pytest.fixture
def contract(tmp_path: Path) -> Callable[[str], Contract]:
    """The contract of these lines."""

    def make(lines: str) -> Contract:
        schema = {"type": "object", "properties": {"text": {"type": "string"}}}
        shown = [{"request": {"text": text}} for text in ("it was good", "not for me", "bad")]
        (tmp_path / "request.json").write_text(json.dumps(schema), encoding="utf-8")
        examples = "\n".join(json.dumps(line) for line in shown)
        (tmp_path / "e.jsonl").write_text(examples, encoding="utf-8")
        head = 'version = 1\n[candidate]\nname = "c"\nurl = "http://127.0.0.1:1"\n[contract]\n'
        (tmp_path / "gate.toml").write_text(head + lines, encoding="utf-8")
        return Contract.load(load(tmp_path / "gate.toml"))

    return make


def _rows(path: Path) -> list[Any]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {line["name"] for line in lines} == {f"{lines[0]['method']} {lines[0]['path']}"}
    return [json.loads(base64.b64decode(line["body"])) for line in lines]


def test_hundreds_of_different_requests_are_drawn_from_declared_inputs(
    contract: Callable[[str], Contract], tmp_path: Path
) -> None:
    written = bodies.write(tmp_path / "r", contract(TENSORS))

    assert (written.sent, written.distinct, written.note) == (512, 512, "")
    assert len({json.dumps(row) for row in _rows(tmp_path / "r")}) == 512


def test_the_same_seed_writes_the_same_file_and_another_one_does_not(
    contract: Callable[[str], Contract], tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        bodies.write(tmp_path / name, contract(TENSORS), seed=seed, count=64)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_sizes_are_sent_in_their_shares_mixed_and_the_most_frequent_one_first(
    contract: Callable[[str], Contract], tmp_path: Path
) -> None:
    sizes = {"16": 1, "1": 8, "4": 1}
    bodies.write(tmp_path / "r", contract(TENSORS), sizes=sizes, count=200)

    sent = [len(row["instances"]) for row in _rows(tmp_path / "r")]
    assert Counter(sent) == {1: 160, 4: 20, 16: 20}
    assert sent[0] == 1
    assert set(sent[:40]) == {1, 4, 16}


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ({"0": 1.0}, "'0': expected a number of rows"),
        ({"many": 1.0}, "'many': expected a number of rows"),
        ({"4": -1.0}, "expected a share above zero"),
        ({"4": float("nan")}, "expected a share above zero"),
        ({"64": 1.0}, "64 rows, and contract.max_batch is 32"),
    ],
)
def test_a_size_that_cannot_be_sent_is_an_error(
    contract: Callable[[str], Contract], tmp_path: Path, sizes: dict[str, float], says: str
) -> None:
    with pytest.raises(LoadError, match=says):
        bodies.write(tmp_path / "r", contract(TENSORS), sizes=sizes)


def test_a_size_that_the_contract_cannot_write_is_an_error(
    contract: Callable[[str], Contract], tmp_path: Path
) -> None:
    with pytest.raises(LoadError, match="what a request of 4 rows looks like"):
        bodies.write(tmp_path / "r", contract(TEXTS), sizes={"4": 1.0})


def test_what_is_only_allowed_is_sent_once_the_service_answers_it(
    contract: Callable[[str], Contract], tmp_path: Path
) -> None:
    with serve(lambda method, path, body: Reply(b"{}")) as endpoint:
        written = bodies.write(tmp_path / "r", contract(TEXTS), base_url=endpoint.base_url)

    assert written.distinct > 100
    words = {word for row in _rows(tmp_path / "r") for word in row["text"].split()}
    assert words == {"it", "was", "good", "not", "for", "me", "bad"}


def test_what_the_service_refuses_is_not_sent_in_numbers_and_the_note_says_why(
    contract: Callable[[str], Contract], tmp_path: Path
) -> None:
    def reply(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"{}") if body == b'{"text":"bad"}' else Reply(b"{}", status=404)

    with serve(reply) as endpoint:
        written = bodies.write(tmp_path / "r", contract(TEXTS), base_url=endpoint.base_url)

    assert (written.sent, written.distinct) == (3, 3)
    assert "only 3 different requests: others are allowed, and the service refuses" in written.note


def test_without_a_service_to_ask_only_promised_requests_are_sent(
    contract: Callable[[str], Contract], tmp_path: Path
) -> None:
    written = bodies.write(tmp_path / "r", contract(TEXTS))

    assert written.sent == 3
    assert written.note == "only 3 different requests: others are not promised an answer"


def test_large_requests_are_fewer_instead_of_filling_the_memory(
    contract: Callable[[str], Contract], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_BYTES", 200_000)
    large = TENSORS.replace('["batch", 4]', '["batch", 2000]')

    assert 8 <= bodies.write(tmp_path / "r", contract(large), count=64).sent < 48
    bodies.write(tmp_path / "s", contract(large), sizes={"1": 1, "32": 1}, count=64)
    assert (tmp_path / "s").stat().st_size < 8 * 200_000


def test_a_contract_without_a_valid_request_is_an_error(tmp_path: Path, promise: Any) -> None:
    class Nothing(promise):  # type: ignore[misc]
        def requests(self) -> tuple[()]:
            return ()

    with pytest.raises(LoadError, match="no valid request to send"):
        bodies.write(tmp_path / "r", Nothing())
