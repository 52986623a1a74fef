"""Behaviour checks: a service that agrees with itself passes, each way not to is found."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from checks import check_behaviour
from harness import CandidateNotReady, Finding, GateError, Measurement, Severity
from harness.config import Gate, load
from harness.contract import Contract
from harness.declare import spec_of
from harness.testing import FakeEndpoint, Handler, Reply, serve

TEXT = """version = 1
[candidate]
name = "m"
url = "http://127.0.0.1:1"
[contract]
protocol = "{protocol}"
[[contract.inputs]]
name = "x"
shape = ["batch", 3]
[[contract.outputs]]
name = "p"
shape = ["batch"]
"""
PLAIN = """version = 1
[candidate]
name = "m"
url = "http://127.0.0.1:1"
[contract]
path = "/predict"
examples = "ex.jsonl"
"""
Rows = Callable[[list[list[float]]], list[Any]]


def _sums(rows: list[list[float]]) -> list[Any]:
    return [sum(row) for row in rows]


def service(predict: Rows) -> Handler:
    """A V1 service around a function of the rows."""

    def answer(method: str, path: str, body: bytes) -> Reply:
        try:
            rows = json.loads(body)["instances"]
            assert rows and all(len(row) == 3 for row in rows)
            return Reply(json.dumps({"predictions": predict(rows)}).encode())
        except (ValueError, TypeError, KeyError, AssertionError, RecursionError):
            return Reply(b'{"error": "bad rows"}', 400)

    return answer


def _contract(folder: Path, protocol: str = "kserve-v1") -> Contract:
    return Contract.load(_gate(folder, TEXT.format(protocol=protocol)))


def _gate(folder: Path, text: str) -> Gate:
    (folder / "ex.jsonl").write_text('{"request": 1, "response": 2}\n{"request": 2}')
    (folder / "gate.toml").write_text(text)
    return load(folder / "gate.toml")


def _findings(told: Sequence[object]) -> list[Finding]:
    assert any(isinstance(item, Measurement) and item.value > 0 for item in told)
    return [item for item in told if isinstance(item, Finding)]


CHECKS = (
    check_behaviour.check_repeatable,
    check_behaviour.check_batch,
    check_behaviour.check_concurrent,
)


@pytest.mark.parametrize("look", CHECKS)
def test_a_service_that_agrees_with_itself_has_no_finding(look: Any, tmp_path: Path) -> None:
    with serve(service(_sums)) as fake:
        assert _findings(look(_contract(tmp_path), fake)) == []


@pytest.mark.parametrize("look", CHECKS)
def test_wrong_answers_that_agree_are_not_the_matter_of_behaviour(
    look: Any, tmp_path: Path
) -> None:
    with serve(service(lambda rows: ["wrong" for _ in rows])) as fake:
        assert _findings(look(_contract(tmp_path), fake)) == []


def test_noise_within_the_tolerance_is_measured_and_passes(tmp_path: Path) -> None:
    noise = itertools.cycle([0.0, 2e-6])
    with serve(service(lambda rows: [sum(row) + next(noise) for row in rows])) as fake:
        told = check_behaviour.check_repeatable(_contract(tmp_path), fake)
    measured = {item.name: item.value for item in told if isinstance(item, Measurement)}
    assert _findings(told) == []
    assert 0 < measured["repeat_difference"] < 1e-5


def test_an_answer_that_changes_is_found(tmp_path: Path) -> None:
    counter = itertools.count()
    with serve(service(lambda rows: [sum(row) + next(counter) for row in rows])) as fake:
        found = _findings(check_behaviour.check_repeatable(_contract(tmp_path), fake))
    assert [item.rule for item in found] == ["not-repeatable"]
    assert found[0].message.startswith("inference: generated row 1 has another answer")
    assert found[0].location == "$.predictions[0]"
    assert found[0].reproduce.startswith("curl ")


def test_a_service_that_a_refused_request_poisons_is_found(tmp_path: Path) -> None:
    good = service(_sums)
    poisoned = threading.Event()

    def answer(method: str, path: str, body: bytes) -> Reply:
        reply = good(method, path, body)
        if reply.status == 400:
            poisoned.set()
        return Reply(b'{"predictions": [0.0]}') if poisoned.is_set() else reply

    with serve(answer) as fake:
        found = _findings(check_behaviour.check_repeatable(_contract(tmp_path), fake))
    assert [item.rule for item in found] == ["history"]
    assert "asked again after" in found[0].message


def test_answers_from_before_the_abuse_of_other_checks_are_the_measure(tmp_path: Path) -> None:
    poisoned = threading.Event()
    good = service(_sums)

    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"{}", 500) if poisoned.is_set() else good(method, path, body)

    contract = _contract(tmp_path)
    with serve(answer) as fake:
        contract.survey(fake.base_url)
        poisoned.set()
        found = _findings(check_behaviour.check_repeatable(contract, fake))
    assert "had an answer, and has none when asked again" in found[0].message


def _coupled(rows: list[list[float]]) -> list[Any]:
    shift = sum(rows[-1]) if len(rows) > 1 else 0.0
    return [sum(row) - shift for row in rows]


@pytest.mark.parametrize(
    ("name", "predict"),
    [
        ("coupled", _coupled),
        ("sorted", lambda rows: sorted(_sums(rows))),
        ("beyond 16", lambda rows: [*_sums(rows[:16]), *[0.0 for _ in rows[16:]]]),
        ("first row for all", lambda rows: [sum(rows[0]) for _ in rows]),
    ],
)
def test_rows_that_depend_on_their_neighbours_are_found(
    name: str, predict: Rows, tmp_path: Path
) -> None:
    with serve(service(predict)) as fake:
        found = _findings(check_behaviour.check_batch(_contract(tmp_path), fake))
        again = _findings(check_behaviour.check_repeatable(_contract(tmp_path), fake))
    assert [item.rule for item in found][:1] == ["batch"]
    assert "than the same row alone" in found[0].message
    assert again == []


def test_a_batch_of_named_tensors_is_compared_row_by_row(tmp_path: Path) -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        tensor = json.loads(body)["inputs"][0]
        rows, data = tensor["shape"][0], tensor["data"]
        sums = [sum(data[i * 3 : i * 3 + 3]) + (rows > 8) for i in range(rows)]
        output = {"name": "p", "shape": [rows], "datatype": "FP32", "data": sums}
        return Reply(json.dumps({"outputs": [output]}).encode())

    with serve(answer) as fake:
        contract = _contract(tmp_path, "open-inference-v2")
        found = _findings(check_behaviour.check_batch(contract, fake))
    assert found[0].location.endswith(".p")


def test_a_number_of_rows_that_is_wrong_is_the_contract_s_matter(tmp_path: Path) -> None:
    with serve(service(lambda rows: _sums(rows)[:8])) as fake:
        assert _findings(check_behaviour.check_batch(_contract(tmp_path), fake)) == []


def test_no_batch_at_all_is_an_error_and_no_success(tmp_path: Path) -> None:
    with serve(service(lambda rows: _sums(rows)[:1])) as fake:
        with pytest.raises(GateError, match="nothing to compare"):
            check_behaviour.check_batch(_contract(tmp_path), fake)


def test_batch_applies_only_where_the_contract_has_one(tmp_path: Path) -> None:
    spec = spec_of(check_behaviour.check_batch)
    assert spec is not None and spec.applies is not None
    assert spec.applies(_gate(tmp_path, TEXT.format(protocol="kserve-v1"))) == ""
    assert "no batch" in spec.applies(_gate(tmp_path, PLAIN))


def test_a_buffer_that_clients_share_is_found(tmp_path: Path) -> None:
    shared: dict[str, Any] = {}
    together = threading.Barrier(2)

    def predict(rows: list[list[float]]) -> list[Any]:
        shared["rows"] = rows
        try:
            together.wait(0.002)  # two requests at once see each other's rows
        except threading.BrokenBarrierError:
            together.reset()
        return _sums(shared["rows"])

    with serve(service(predict)) as fake:
        contract = _contract(tmp_path)
        found = _findings(check_behaviour.check_concurrent(contract, fake))
        alone = _findings(check_behaviour.check_repeatable(contract, fake))
    assert [item.rule for item in found] == ["concurrent"]
    assert "8 clients ask at once" in found[0].message
    assert alone == []


def _busy_from(most: int, refusal: Reply) -> Handler:
    good = service(_sums)
    running = threading.Semaphore(most)
    together = threading.Barrier(most + 1)

    def answer(method: str, path: str, body: bytes) -> Reply:
        if not running.acquire(blocking=False):
            return refusal
        try:
            together.wait(0.002)
        except threading.BrokenBarrierError:
            together.reset()
        finally:
            running.release()
        return good(method, path, body)

    return answer


def test_a_server_may_say_that_it_is_busy(tmp_path: Path) -> None:
    with serve(_busy_from(1, Reply(b'{"error": "busy"}', 503))) as fake:
        told = check_behaviour.check_concurrent(_contract(tmp_path), fake)
    refused = {item.name: item.value for item in told if isinstance(item, Measurement)}
    assert _findings(told) == []
    assert refused["parallel_refused"] > 0


def test_a_server_that_breaks_under_parallel_requests_is_found(tmp_path: Path) -> None:
    with serve(_busy_from(1, Reply(b'{"error": "crash"}', 500))) as fake:
        found = _findings(check_behaviour.check_concurrent(_contract(tmp_path), fake))
    assert found[0].message.startswith("inference: ")
    assert "had an answer, and has none when 8 clients ask at once" in found[0].message


@pytest.mark.parametrize("look", CHECKS)
def test_errors_alone_are_no_finding_and_no_success(look: Any, tmp_path: Path) -> None:
    with serve(lambda method, path, body: Reply(b'{"error": "x"}', 500)) as fake:
        with pytest.raises(GateError, match="nothing to compare|there is nothing to compare"):
            look(_contract(tmp_path), fake)


def test_a_candidate_that_is_gone_is_not_ready(tmp_path: Path) -> None:
    contract = _contract(tmp_path)
    with serve(service(_sums)) as fake:
        contract.survey(fake.base_url)
        url = fake.base_url
    with pytest.raises(CandidateNotReady, match="answers no more"):
        check_behaviour.check_repeatable(contract, FakeEndpoint(url))


def test_an_abuse_that_is_dropped_is_the_contract_s_matter(tmp_path: Path) -> None:
    good = service(_sums)

    def answer(method: str, path: str, body: bytes) -> Reply:
        if not body:
            raise ConnectionAbortedError  # the connection closes without an answer
        return good(method, path, body)

    with serve(answer) as fake:
        contract = _contract(tmp_path)
        assert contract.corpus.invalid[0].name == "an empty body"
        assert _findings(check_behaviour.check_repeatable(contract, fake)) == []


def test_history_is_looked_at_also_behind_a_server_that_answers_abuse_with_500(
    tmp_path: Path,
) -> None:
    good = service(_sums)
    crashes: list[int] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        reply = good(method, path, body)
        if reply.status == 400:
            crashes.append(1)
            return Reply(b"{}", 500)
        return Reply(b'{"predictions": [0.0]}') if len(crashes) > 4 else reply

    with serve(answer) as fake:
        found = _findings(check_behaviour.check_repeatable(_contract(tmp_path), fake))
    assert [item.rule for item in found] == ["history"]


def test_findings_of_behaviour_fail_their_check(tmp_path: Path) -> None:
    counter = itertools.count()
    with serve(service(lambda rows: [next(counter) for _ in rows])) as fake:
        found = _findings(check_behaviour.check_repeatable(_contract(tmp_path), fake))
    assert {item.severity for item in found} == {Severity.ERROR}
