"""Behaviour checks: a service that agrees with itself passes, each way not to fails its check."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from checks import check_behaviour
from harness import CandidateNotReady, Evidence, Finding, GateError, Measurement, Severity
from harness.baseline import Baseline
from harness.config import Gate, load
from harness.contract import Contract
from harness.declare import spec_of
from harness.judge import judge
from harness.model import Startup
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
range = [-9, 9]
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
    return [sum(row) / 7 for row in rows]


def service(predict: Rows) -> Handler:
    """A V1 service around a function of the rows."""

    def answer(method: str, path: str, body: bytes) -> Reply:
        try:
            rows = json.loads(body)["instances"]
            assert rows and all(len(row) == 3 for row in rows)
            return Reply(json.dumps({"predictions": predict(rows)}).encode())
        except (ValueError, TypeError, KeyError, AssertionError, RecursionError, OverflowError):
            return Reply(b'{"error": "bad rows"}', 400)

    return answer


def _contract(folder: Path, protocol: str = "kserve-v1") -> Contract:
    return Contract.load(_gate(folder, TEXT.format(protocol=protocol)))


def _gate(folder: Path, text: str) -> Gate:
    (folder / "ex.jsonl").write_text('{"request": 1, "response": 2}\n{"request": 2}')
    (folder / "gate.toml").write_text(text)
    return load(folder / "gate.toml")


def _errors(told: Sequence[object]) -> list[Finding]:
    found = [item for item in told if isinstance(item, Finding)]
    return [item for item in found if item.severity is Severity.ERROR]


CHECKS = {
    "repeatable": check_behaviour.check_repeatable,
    "batch": check_behaviour.check_batch,
    "order": check_behaviour.check_order,
    "padding": check_behaviour.check_padding,
    "concurrent": check_behaviour.check_concurrent,
    "history": check_behaviour.check_history,
    "encodings": check_behaviour.check_encodings,
    "sensitive": check_behaviour.check_sensitive,
}
BATCHED = ("batch", "order", "padding")
COMPARING = [name for name in CHECKS if name not in ("encodings", "sensitive")]


@pytest.mark.parametrize("name", CHECKS)
def test_a_service_that_agrees_with_itself_has_no_finding_and_every_measurement(
    name: str, tmp_path: Path
) -> None:
    with serve(service(_sums)) as fake:
        told = CHECKS[name](_contract(tmp_path), fake)
    measured = {item.name: item.value for item in told if isinstance(item, Measurement)}
    assert [item for item in told if isinstance(item, Finding) and item.severity != "info"] == []
    spec = spec_of(CHECKS[name])
    assert spec is not None and set(measured) == set(spec.measures)
    assert name == "encodings" or next(iter(measured.values())) > 0


@pytest.mark.parametrize("name", COMPARING)
def test_wrong_answers_that_agree_are_not_the_matter_of_behaviour(
    name: str, tmp_path: Path
) -> None:
    with serve(service(lambda rows: ["wrong" for _ in rows])) as fake:
        assert _errors(CHECKS[name](_contract(tmp_path), fake)) == []


@pytest.mark.parametrize("name", CHECKS)
def test_errors_alone_are_no_finding_and_no_success(name: str, tmp_path: Path) -> None:
    with serve(lambda method, path, body: Reply(b'{"error": "x"}', 500)) as fake:
        with pytest.raises(GateError, match="nothing to compare|there is nothing to compare"):
            CHECKS[name](_contract(tmp_path), fake)


@pytest.mark.parametrize("name", COMPARING)
def test_a_candidate_that_is_gone_is_not_ready(name: str, tmp_path: Path) -> None:
    contract = _contract(tmp_path)
    with serve(service(_sums)) as fake:
        contract.survey(fake.base_url)
        url = fake.base_url
    with pytest.raises(CandidateNotReady, match="answers no more"):
        CHECKS[name](contract, FakeEndpoint(url))


def test_the_tolerance_and_how_it_was_found_are_told(tmp_path: Path) -> None:
    noise = itertools.cycle([0.0, 2e-6])
    with serve(service(lambda rows: [value + next(noise) for value in _sums(rows)])) as fake:
        told = check_behaviour.check_repeatable(_contract(tmp_path), fake)
    measured = {item.name: item.value for item in told if isinstance(item, Measurement)}
    texts = [item.data["text"] for item in told if isinstance(item, Evidence)]
    assert _errors(told) == []
    assert 0 < measured["repeat_noise"] < 1e-5
    assert "times again, back to back: the largest difference" in texts[0]


def test_an_answer_that_changes_fails_its_check(tmp_path: Path) -> None:
    counter = itertools.count()
    with serve(service(lambda rows: [sum(row) + next(counter) for row in rows])) as fake:
        found = _errors(check_behaviour.check_repeatable(_contract(tmp_path), fake))
    assert [item.rule for item in found] == ["not-repeatable"]
    assert found[0].message.startswith("inference: ")
    assert found[0].location.startswith("$.predictions[")
    assert found[0].reproduce.startswith("curl ")


def _coupled(rows: list[list[float]]) -> list[Any]:
    mean = sum(_sums(rows)) / len(rows)
    return [0.9 * value + 0.1 * mean for value in _sums(rows)]


@pytest.mark.parametrize(
    ("name", "predict"),
    [
        ("batch", _coupled),
        ("order", lambda rows: sorted(_sums(rows))),
        ("padding", lambda rows: [value / max(1, *map(max, rows)) for value in _sums(rows)]),
        ("sensitive", lambda rows: [0.7312 for _ in rows]),
    ],
)
def test_a_defect_of_rows_fails_its_check(name: str, predict: Rows, tmp_path: Path) -> None:
    with serve(service(predict)) as fake:
        contract = _contract(tmp_path)
        found = _errors(CHECKS[name](contract, fake))
        assert _errors(check_behaviour.check_repeatable(contract, fake)) == []
    assert len(found) == 1


def test_a_service_that_a_refused_request_poisons_fails_history(tmp_path: Path) -> None:
    good = service(_sums)
    poisoned = threading.Event()

    def answer(method: str, path: str, body: bytes) -> Reply:
        reply = good(method, path, body)
        if reply.status == 400:
            poisoned.set()
        return Reply(b'{"predictions": [0.0]}') if poisoned.is_set() else reply

    with serve(answer) as fake:
        found = _errors(check_behaviour.check_history(_contract(tmp_path), fake))
    assert {item.rule for item in found} == {"history"}


@pytest.mark.parametrize("name", BATCHED)
def test_checks_of_batches_apply_only_where_the_contract_may_have_one(
    name: str, tmp_path: Path
) -> None:
    spec = spec_of(CHECKS[name])
    assert spec is not None and spec.applies is not None
    assert spec.applies(_gate(tmp_path, TEXT.format(protocol="kserve-v1"))) == ""
    assert "no batch" in spec.applies(_gate(tmp_path, PLAIN))


@pytest.mark.parametrize("name", BATCHED)
def test_a_contract_that_turns_out_to_have_no_batch_is_no_error(name: str, tmp_path: Path) -> None:
    with serve(lambda method, path, body: Reply(b"2")) as fake:
        told = CHECKS[name](Contract.load(_gate(tmp_path, PLAIN)), fake)
    notes = [item.message for item in told if isinstance(item, Finding)]
    assert notes == ["inference: the contract has no batch: one request carries one row"]


def test_a_number_of_rows_that_is_wrong_is_the_contract_s_matter(tmp_path: Path) -> None:
    with serve(service(lambda rows: _sums(rows)[:8])) as fake:
        for name in BATCHED:
            assert _errors(CHECKS[name](_contract(tmp_path), fake)) == []


@pytest.mark.slow
def test_a_slow_service_without_keep_alive_passes_every_check(tmp_path: Path) -> None:
    good = service(_sums)
    worker = threading.Lock()

    def answer(method: str, path: str, body: bytes) -> Reply:
        with worker:
            time.sleep(0.05)
            reply = good(method, path, body)
        return Reply(reply.body, reply.status, {**reply.headers, "Connection": "close"})

    contract = _contract(tmp_path)
    with serve(answer) as fake:
        for name, look in CHECKS.items():
            assert _errors(look(contract, fake)) == [], name


def _beside(contract: Contract, now: Rows, then: Rows) -> Sequence[object]:
    with serve(service(now)) as fake, serve(service(then)) as old:
        startup = Startup(ready=True, seconds=0.5)
        baseline = Baseline("m:1", "sha256:abc", old, startup)
        return check_behaviour.check_baseline(contract, baseline, fake)


def test_a_candidate_that_answers_as_its_baseline_passes(tmp_path: Path) -> None:
    told = _beside(_contract(tmp_path), _sums, _sums)
    spec = spec_of(check_behaviour.check_baseline)
    assert spec is not None and str(judge(spec.limits, told).outcome) == "passed"
    assert _errors(told) == []


def test_a_candidate_that_answers_unlike_its_baseline_fails_with_the_shares(tmp_path: Path) -> None:
    told = _beside(_contract(tmp_path), lambda rows: [sum(row) + 1 for row in rows], _sums)
    spec = spec_of(check_behaviour.check_baseline)
    assert spec is not None
    judgement = judge(spec.limits, told)
    assert str(judgement.outcome) == "failed"
    assert "baseline_changed = 100 %, must be == 0 %" in judgement.reason
