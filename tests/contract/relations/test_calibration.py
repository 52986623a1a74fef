"""Calibration: noise is measured, rounding is allowed for, and neither hides a defect."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import Contract
from harness.contract.relations.calibration import Calibration, calibrated
from harness.errors import GateError
from harness.testing import Handler, Reply, serve

Make = Callable[..., Any]


@pytest.fixture
def look(rows_contract: Make, rows_service: Make) -> Callable[..., Calibration]:
    """look(predict, more): the calibration of a service of rows."""

    def make(predict: Callable[[list[list[float]]], list[Any]], more: str = "") -> Calibration:
        with serve(rows_service(predict)) as fake:
            return calibrated(rows_contract(more=more), fake.base_url)

    return make


def _noisy(size: float) -> Callable[[list[list[float]]], list[Any]]:
    chance = random.Random(1)
    return lambda rows: [sum(row) / 7 + size * chance.choice([-1, 0, 1]) for row in rows]


def test_a_service_without_noise_gets_the_tolerance_of_its_datatype(look: Make) -> None:
    found = look(lambda rows: [sum(row) / 7 for row in rows])
    assert (found.noise, found.datatype, found.tolerance) == (0.0, "FP32", 1e-4)


def test_noise_widens_the_tolerance_up_to_a_bound(look: Make) -> None:
    assert look(_noisy(1e-6)).tolerance == 1e-4
    assert look(_noisy(2e-5)).tolerance == pytest.approx(1.6e-4, rel=0.1)
    assert look(_noisy(4e-5)).tolerance == 2e-4


def test_noise_beyond_the_bound_is_no_tolerance(look: Make) -> None:
    found = look(_noisy(0.05))
    assert found.tolerance <= found.bound == 2e-4
    assert not all(item.steady for item in found.repeated)  # of three, some agree by chance


def test_the_smallest_difference_that_counts_is_a_floor(look: Make) -> None:
    assert look(lambda rows: [0.5 for _ in rows], "tolerance = 0.01").tolerance == 0.01


def test_numbers_that_the_service_rounds_may_differ_by_one_step(look: Make) -> None:
    assert look(lambda rows: [sum(row) / 7 for row in rows]).step == 0.0
    chance = random.Random(1)
    many = [[round(chance.random(), 3) for _ in range(8)] for _ in range(99)]
    found = look(lambda rows: [many[int(sum(row) * 99) % 99] for row in rows])
    assert found.step == pytest.approx(1e-3)


def test_the_coarsest_datatype_counts(make_gate: Make, rows_service: Make) -> None:
    text = (
        'protocol = "kserve-v1"\n[[contract.inputs]]\nname = "x"\nshape = ["batch", 3]\n'
        '[[contract.outputs]]\nname = "p"\ndatatype = "FP16"\nshape = ["batch"]'
    )
    with serve(rows_service(lambda rows: [0.5 for _ in rows])) as fake:
        found = calibrated(Contract.load(make_gate(text)), fake.base_url)
    assert (found.datatype, found.tolerance) == ("FP16", 4e-3)


def test_how_the_tolerance_was_found_is_told(look: Make) -> None:
    text = look(lambda rows: [sum(row) / 7 for row in rows], 'volatile = ["$.at"]').explained()
    assert re.search("(8|9|10) requests were asked (32|36|40) times again", text)
    assert "0.0001" in text and "$.at" in text


def test_it_is_made_once_for_each_service(rows_contract: Make, rows_service: Make) -> None:
    good: Handler = rows_service(lambda rows: [0.5 for _ in rows])
    asked: list[str] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        asked.append(path)
        return good(method, path, body)

    contract = rows_contract()
    with serve(answer) as fake:
        first = calibrated(contract, fake.base_url)
        count = len(asked)
        assert calibrated(contract, fake.base_url) is first
        assert len(asked) == count


def test_a_service_that_answers_nothing_cannot_be_calibrated(rows_contract: Make) -> None:
    with serve(lambda method, path, body: Reply(b"{}", 500)) as fake:
        with pytest.raises(GateError, match="nothing to compare"):
            calibrated(rows_contract(), fake.base_url)


def test_where_volatile_leaves_nothing_to_compare_there_is_no_calibration(
    texts_contract: Make, texts_service: Make
) -> None:
    contract = texts_contract('volatile = ["$.*"]')
    with serve(texts_service(lambda text: {"score": random.random()})) as fake:
        with pytest.raises(GateError, match="leaves nothing of any answer to compare"):
            calibrated(contract, fake.base_url)
