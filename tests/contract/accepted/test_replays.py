"""Answers beside those of an accepted release: each way to differ is told for what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract, Golden, Replay, beside, record, replay
from harness.errors import CandidateNotReady, GateError
from harness.model import Candidate
from harness.testing import Handler, Reply, serve

Make = Callable[..., Gate]
Say = Callable[[Any], Any]

PLAIN = 'path = "/predict"\nexamples = "ex.jsonl"\n'
EXAMPLES = "\n".join(f'{{"request": [{n}]}}' for n in range(1, 5))
TENSORS = """protocol = "open-inference-v2"
model = "m"
[[contract.inputs]]
name = "x"
shape = ["batch", 2]
range = [0, 1]
[[contract.outputs]]
name = "p"
shape = ["batch", 2]
labels = ["cat", "dog"]
"""


def service(say: Say) -> Handler:
    """Answers `say(request)`; an int is a status."""

    def answer(method: str, path: str, body: bytes) -> Reply:
        said = say(json.loads(body))
        if isinstance(said, int):
            return Reply(b'{"error": "no"}', said)
        return Reply(json.dumps(said).encode())

    return answer


def golden_of(contract: Contract, say: Say) -> Golden:
    """What is recorded of a service."""
    with serve(service(say)) as fake:
        golden = record(contract, fake.base_url, Candidate("m", "m:1")).golden
    assert golden is not None
    return golden


def replayed(make_gate: Make, then: Say, now: Say, more: str = "") -> Replay:
    """A service beside the golden answers of another."""
    contract = Contract.load(make_gate(PLAIN + more, ex_jsonl=EXAMPLES))
    golden = golden_of(contract, then)
    with serve(service(now)) as fake:
        return replay(contract, golden, fake.base_url)


def told(seen: Replay) -> dict[str, str]:
    """Rule -> severity."""
    return {finding.rule: str(finding.severity) for finding in seen.told()}


def plain(request: Any) -> Any:
    """The release that was accepted."""
    return {"label": "cat" if request[0] % 2 else "dog", "score": request[0] / 10}


def test_the_same_answers_differ_in_nothing(make_gate: Make) -> None:
    seen = replayed(make_gate, plain, plain)
    assert seen.compared >= 4
    assert (seen.changed, seen.flipped, seen.told()) == (0, 0, [])


def test_labels_that_were_swapped_everywhere_are_seen(make_gate: Make) -> None:
    def swapped(request: Any) -> Any:
        return {**plain(request), "label": "dog" if request[0] % 2 else "cat"}

    seen = replayed(make_gate, plain, swapped)
    assert seen.changed == seen.flipped == seen.compared
    assert seen.share(seen.flipped) == 100.0
    [finding] = seen.told()
    assert (finding.rule, finding.location) == ("golden-changed", "$.label")
    assert finding.expected.startswith('"cat"') and "m:1" in finding.expected
    assert finding.reproduce.startswith("curl ") and f"({seen.compared} times)" in finding.message


def test_a_number_that_moved_is_a_change_and_no_flip(make_gate: Make) -> None:
    def moved(request: Any) -> Any:
        return {**plain(request), "score": request[0] / 10 + (0.05 if request[0] == 3 else 0)}

    seen = replayed(make_gate, plain, moved)
    assert (seen.changed, seen.flipped) == (1, 0)
    assert seen.largest == pytest.approx(0.05)
    assert told(seen) == {"golden-changed": "warning"}


def test_a_number_within_the_tolerance_is_no_change(make_gate: Make) -> None:
    def rounded(request: Any) -> Any:
        return {**plain(request), "score": request[0] / 10 + 1e-7}

    seen = replayed(make_gate, plain, rounded)
    assert (seen.changed, told(seen)) == (0, {})


STRUCTURAL: dict[str, tuple[Say, dict[str, str]]] = {
    "a member less": (lambda r: {"label": plain(r)["label"]}, {"golden-removed": "error"}),
    "another type": (lambda r: {**plain(r), "score": "high"}, {"golden-type": "error"}),
    "another status": (lambda r: 500, {"golden-status": "error"}),
}


@pytest.mark.parametrize(("now", "expected"), STRUCTURAL.values(), ids=list(STRUCTURAL))
def test_an_answer_of_another_form_is_an_error_whatever_the_policy_allows(
    make_gate: Make, now: Say, expected: dict[str, str]
) -> None:
    seen = replayed(make_gate, plain, now)
    assert told(seen) == expected
    assert seen.changed == seen.flipped == seen.compared


def test_a_member_more_is_information(make_gate: Make) -> None:
    seen = replayed(make_gate, plain, lambda r: {**plain(r), "version": "2"})
    assert (seen.changed, told(seen)) == (0, {"golden-added": "info"})


def test_a_value_that_became_null_is_a_change_and_not_another_type(make_gate: Make) -> None:
    seen = replayed(make_gate, plain, lambda r: {**plain(r), "score": None})
    assert (seen.flipped, told(seen)) == (seen.compared, {"golden-changed": "warning"})


def test_what_may_differ_each_time_is_left_out(make_gate: Make) -> None:
    more = 'volatile = ["$.build"]\n'
    seen = replayed(
        make_gate,
        lambda r: {**plain(r), "build": "a"},
        lambda r: {**plain(r), "build": "b"},
        more,
    )
    assert (seen.changed, told(seen)) == (0, {})


def test_a_tie_between_two_classes_does_not_count(make_gate: Make) -> None:
    def close(label: str) -> Say:
        return lambda r: {"label": label, "scores": [0.5000001, 0.4999999]}

    seen = replayed(make_gate, close("cat"), close("dog"))
    assert (seen.changed, seen.flipped, told(seen)) == (0, 0, {})
    assert seen.ties == seen.compared


def test_a_rule_that_the_user_tolerates_is_a_warning(make_gate: Make) -> None:
    seen = replayed(make_gate, plain, lambda r: {"label": 1}, 'tolerate = ["golden-type"]\n')
    assert told(seen) == {"golden-removed": "error", "golden-type": "warning"}


def scores(flip: bool = False, extra: bool = False) -> Say:
    """An Open Inference service whose only output scores two classes."""

    def say(request: Any) -> Any:
        rows = request["inputs"][0]["shape"][0]
        pair = [0.9, 0.1] if not flip else [0.1, 0.9]
        one = {"name": "p", "datatype": "FP32", "shape": [rows, 2], "data": pair * rows}
        other = {"name": "e", "datatype": "FP32", "shape": [rows], "data": [0.0] * rows}
        return {"model_name": "m", "outputs": [other, one] if extra else [one]}

    return say


def test_scores_without_a_label_that_name_another_class_are_flips(make_gate: Make) -> None:
    contract = Contract.load(make_gate(TENSORS))
    golden = golden_of(contract, scores())
    with serve(service(scores(flip=True))) as fake:
        seen = replay(contract, golden, fake.base_url)
    assert seen.compared == seen.changed == seen.flipped > 8


def test_an_output_more_is_no_change_wherever_it_stands(make_gate: Make) -> None:
    contract = Contract.load(make_gate(TENSORS))
    golden = golden_of(contract, scores())
    with serve(service(scores(extra=True))) as fake:
        seen = replay(contract, golden, fake.base_url)
    assert (seen.changed, told(seen)) == (0, {"golden-added": "info"})


def test_a_service_that_is_gone_is_no_answer_that_changed(make_gate: Make) -> None:
    contract = Contract.load(make_gate(PLAIN, ex_jsonl=EXAMPLES))
    golden = golden_of(contract, plain)
    with pytest.raises(CandidateNotReady):
        replay(contract, golden, "http://127.0.0.1:9")


def test_a_baseline_that_answers_the_same_differs_in_nothing(make_gate: Make) -> None:
    contract = Contract.load(make_gate(PLAIN, ex_jsonl=EXAMPLES))
    with serve(service(plain)) as fake, serve(service(plain)) as old:
        seen = beside(contract, fake.base_url, old.base_url)
    assert seen.compared >= 4 and (seen.changed, seen.told()) == (0, [])


def test_an_answer_unlike_the_baselines_is_told_with_both(make_gate: Make) -> None:
    def other(request: Any) -> Any:
        return plain(request) if request[0] != 2 else {"label": "cat", "score": 0.2}

    contract = Contract.load(make_gate(PLAIN, ex_jsonl=EXAMPLES))
    with serve(service(other)) as fake, serve(service(plain)) as old:
        seen = beside(contract, fake.base_url, old.base_url)
    assert (seen.changed, seen.flipped) == (1, 1)
    [finding] = seen.told()
    assert finding.rule == "baseline-changed" and fake.base_url in finding.reproduce
    assert (finding.expected.split(" ")[0], finding.received) == ('"dog"', '"cat"')


def test_a_request_that_only_the_baseline_refused_is_not_compared(make_gate: Make) -> None:
    contract = Contract.load(make_gate(PLAIN, ex_jsonl=EXAMPLES))
    partly = service(lambda r: 422 if r[0] == 2 else plain(r))
    with serve(service(plain)) as fake, serve(partly) as old:
        assert told(beside(contract, fake.base_url, old.base_url)) == {}
    with serve(partly) as fake, serve(service(plain)) as old:
        assert told(beside(contract, fake.base_url, old.base_url)) == {"baseline-status": "error"}


def test_a_baseline_that_answers_nothing_is_an_error(make_gate: Make) -> None:
    contract = Contract.load(make_gate(PLAIN, ex_jsonl=EXAMPLES))
    with serve(service(plain)) as fake, serve(service(lambda r: 503)) as old:
        with pytest.raises(GateError, match="nothing to compare with"):
            beside(contract, fake.base_url, old.base_url)
