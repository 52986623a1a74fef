"""Labels: each names its own column, the one that it had when the examples were recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import Contract, labels
from harness.model import Severity
from harness.testing import serve

Make = Callable[..., Any]
NAMES = ("bird", "cat", "dog")


def _scores(text: str) -> list[float]:
    kind = len(text) % 3
    return [0.8 if index == kind else 0.1 for index in range(3)]


def _honest(text: str) -> dict[str, Any]:
    scores = _scores(text)
    return {"label": NAMES[scores.index(max(scores))], "scores": scores}


@pytest.fixture
def recorded(make_gate: Make) -> Contract:
    """Nine texts, six of them with the answer that was recorded."""
    lines = []
    for number in range(9):
        text = "a text of some length" + "x" * number
        line: dict[str, Any] = {"request": {"text": text}}
        lines.append(json.dumps(line | ({"response": _honest(text)} if number < 6 else {})))
    gate = make_gate('path = "/predict"\nexamples = "t.jsonl"', t_jsonl="\n".join(lines))
    return Contract.load(gate)


def test_labels_in_their_recorded_places_have_no_finding(
    recorded: Contract, texts_service: Make
) -> None:
    with serve(texts_service(_honest)) as fake:
        relation = labels(recorded, fake.base_url)
    assert relation.told() == []
    assert relation.compared > 9


def test_labels_in_another_order_are_found(recorded: Contract, texts_service: Make) -> None:
    def swapped(text: str) -> dict[str, Any]:
        scores = _scores(text)
        return {"label": ("cat", "bird", "dog")[scores.index(max(scores))], "scores": scores}

    with serve(texts_service(swapped)) as fake:
        found = labels(recorded, fake.base_url).told()
    assert [(item.rule, item.severity) for item in found] == [("labels", Severity.ERROR)]
    assert found[0].location == "$.label"
    assert "as recorded" not in found[0].message and "stands beside scores" in found[0].message


def test_a_label_that_contradicts_other_answers_is_a_warning(
    texts_contract: Make, texts_service: Make
) -> None:
    def at_times(text: str) -> dict[str, Any]:
        honest = _honest(text)
        return {**honest, "label": "dog"} if text.startswith("the sound") else honest

    with serve(texts_service(at_times)) as fake:
        found = labels(texts_contract(), fake.base_url).told()
    assert {item.severity for item in found} <= {Severity.WARNING}


def test_a_label_between_equal_scores_is_a_tie(recorded: Contract, texts_service: Make) -> None:
    def close(text: str) -> dict[str, Any]:
        return {"label": NAMES[len(text) % 3], "scores": [0.33334, 0.33333, 0.33333]}

    with serve(texts_service(close)) as fake:
        relation = labels(recorded, fake.base_url)
    assert relation.told() == []
    assert relation.ties > 0


@pytest.mark.parametrize("answer", [{"score": 0.5}, {"label": "cat"}, [0.1, 0.9], "cat"])
def test_answers_without_a_label_and_scores_have_nothing_to_compare_and_say_so(
    answer: Any, texts_contract: Make, texts_service: Make
) -> None:
    with serve(texts_service(lambda text: answer)) as fake:
        relation = labels(texts_contract(), fake.base_url)
    assert relation.compared == 0
    assert [item.severity for item in relation.told()] == [Severity.INFO]


def test_a_threshold_of_two_classes_is_no_error(make_gate: Make, texts_service: Make) -> None:
    def careful(text: str) -> dict[str, Any]:
        bad = (len(text) % 10) / 10
        return {"label": "bad" if bad > 0.25 else "good", "scores": [1 - bad, bad]}

    texts = ["a text of some length" + "x" * number for number in (0, 1, 7, 8)]
    lines = (json.dumps({"request": {"text": t}, "response": careful(t)}) for t in texts)
    gate = make_gate('path = "/predict"\nexamples = "t.jsonl"', t_jsonl="\n".join(lines))
    with serve(texts_service(careful)) as fake:
        found = labels(Contract.load(gate), fake.base_url).told()
    assert Severity.ERROR not in {item.severity for item in found}
