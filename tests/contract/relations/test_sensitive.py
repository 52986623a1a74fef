"""Sensitive: constants where answers should differ are found; good classifiers are left alone."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import Contract, sensitive
from harness.model import Finding, Severity
from harness.testing import serve

Make = Callable[..., Any]


def _score(text: str) -> float:
    """A number that depends on the words alone: mean of what each word is worth."""
    words = [word for word in text.split() if word.isascii()]
    worth = [hashlib.md5(word.encode()).digest()[0] / 255 for word in words]
    return 0.1 + 0.8 * sum(worth) / max(1, len(worth))


def _found(contract: Contract, url: str) -> list[Finding]:
    told = sensitive(contract, url).told()
    return [item for item in told if item.severity is not Severity.INFO]


GOOD: list[tuple[str, Callable[[str], Any]]] = [
    ("a score", lambda text: {"score": _score(text)}),
    ("a label", lambda text: {"positive": _score(text) > 0.5}),
    ("a label and its threshold", lambda text: {"up": _score(text) > 0.5, "threshold": 0.5}),
    ("saturated", lambda text: {"score": 1.0 if _score(text) > 0.5 else 0.0}),
    ("rounded", lambda text: {"score": round(_score(text), 1)}),
    ("only the first words count", lambda text: {"score": _score(" ".join(text.split()[:5]))}),
    ("only the last words count", lambda text: {"score": _score(" ".join(text.split()[-9:]))}),
    ("cut at 256 characters", lambda text: {"positive": _score(text[:256]) > 0.5}),
    ("a sum", lambda text: {"score": 1 / (1 + math.exp(-sum(map(len, text.split()))))}),
]


@pytest.mark.parametrize(("name", "predict"), GOOD)
def test_a_service_whose_answers_depend_on_the_text_has_no_finding(
    name: str, predict: Callable[[str], Any], texts_contract: Make, texts_service: Make
) -> None:
    with serve(texts_service(predict)) as fake:
        assert _found(texts_contract(), fake.base_url) == []


def _unless(condition: Callable[[str], bool], fallback: Any) -> Callable[[str], Any]:
    return lambda text: fallback if condition(text) else {"score": _score(text)}


SILENT: list[tuple[str, Callable[[str], Any], str]] = [
    ("long", _unless(lambda text: len(text) > 512, {"score": 0.5}), "texts of 700 characters"),
    ("very long", _unless(lambda text: len(text) > 2000, {"score": 0.0}), "texts of 5000"),
    ("not ASCII", _unless(lambda text: not text.isascii(), {"score": 0.5}), "beyond ASCII"),
    ("lines", _unless(lambda text: "\n" in text, {"score": 0.123}), "line break"),
    (
        "labels alone",
        lambda text: {"positive": _score(text) > 0.5 or len(text) > 500},
        "texts of 700 characters",
    ),
]


@pytest.mark.parametrize(("name", "predict", "region"), SILENT)
def test_a_silent_fallback_for_some_texts_is_found(
    name: str,
    predict: Callable[[str], Any],
    region: str,
    texts_contract: Make,
    texts_service: Make,
) -> None:
    with serve(texts_service(predict)) as fake:
        found = _found(texts_contract(), fake.base_url)
    assert [item.rule for item in found] == ["constant"]
    assert found[0].severity in (Severity.ERROR, Severity.WARNING)
    assert region in found[0].message


def test_one_number_for_all_requests_is_found(texts_contract: Make, texts_service: Make) -> None:
    with serve(
        texts_service(
            lambda text: {"score": 0.7312},
        )
    ) as fake:
        found = _found(texts_contract(), fake.base_url)
    assert [item.severity for item in found] == [Severity.ERROR]
    assert "different requests have one and the same answer" in found[0].message


def test_one_label_for_a_dozen_requests_is_no_finding(
    texts_contract: Make, texts_service: Make
) -> None:
    with serve(texts_service(lambda text: {"spam": False})) as fake:
        assert _found(texts_contract(), fake.base_url) == []


def _rows(predict: Callable[[list[float]], Any]) -> Callable[[list[list[float]]], list[Any]]:
    return lambda rows: [predict(row) for row in rows]


@pytest.mark.parametrize(
    ("name", "predict", "severity"),
    [
        ("one number for all", lambda row: 0.7312, Severity.ERROR),
        (
            "made up near the ends",
            lambda row: 0.4312 if max(row) > 9.99 or min(row) < 0.01 else sum(row) / 31,
            Severity.ERROR,
        ),
    ],
)
def test_rows_without_an_answer_of_their_own_are_found(
    name: str, predict: Any, severity: Severity, rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(_rows(predict))) as fake:
        found = _found(rows_contract(), fake.base_url)
    assert [(item.rule, item.severity) for item in found] == [("constant", severity)]


@pytest.mark.parametrize("answer", ["a", 0, 0.0])
def test_one_class_for_all_drawn_rows_is_told_and_no_finding(
    answer: Any, rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(_rows(lambda row: answer))) as fake:
        told = sensitive(rows_contract(), fake.base_url).told()
    constant = [item for item in told if item.rule == "constant"]
    assert [item.severity for item in constant] == [Severity.INFO]


@pytest.mark.parametrize(
    ("name", "predict"),
    [
        ("linear", lambda row: sum(row) / 7),
        ("a small tree", lambda row: 0.21 if row[0] < 5 else 0.32 if row[1] < 5 else 0.73),
        ("clipped", lambda row: min(0.9, max(0.1, sum(row) / 7))),
        ("a class", lambda row: "abc"[int(row[0]) % 3]),
        ("sure of everything", lambda row: [1.0, 0.0] if row[0] > row[1] else [0.0, 1.0]),
    ],
)
def test_a_model_of_rows_has_no_finding(
    name: str, predict: Any, rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(_rows(predict))) as fake:
        assert _found(rows_contract(), fake.base_url) == []


def test_a_tree_that_knows_only_large_numbers_is_asked_for_large_numbers(
    make_gate: Make, rows_service: Make
) -> None:
    text = (
        'protocol = "kserve-v1"\n[[contract.inputs]]\nname = "x"\nshape = ["batch", 3]\n'
        '[[contract.outputs]]\nname = "p"\nshape = ["batch"]'
    )
    contract = Contract.load(make_gate(text))
    tree = _rows(lambda row: 0.7312 if row[0] < 20 else 0.25 if row[1] < 20 else 0.1)
    with serve(rows_service(tree)) as fake:
        assert _found(contract, fake.base_url) == []
