"""Valid requests from declared inputs."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.forms import FORMS
from harness.contract.protocol.presets import preset
from harness.contract.requests.cases import Case, Claim
from harness.contract.requests.source import Source
from harness.contract.requests.tensors import cases, sample
from harness.contract.requests.texts import RIGHT_TO_LEFT, RUNS, TEXTS
from harness.contract.schema.schemas import Schema

TEXT = {"name": "t", "datatype": "BYTES", "shape": ["batch"]}
PAIR = {"name": "x", "datatype": "FP32", "shape": ["batch", 2], "range": [0, 1]}


def source(
    protocol: str, *inputs: dict[str, Any], outputs: tuple[str, ...] = (), **said: Any
) -> Source:
    found = preset(protocol)
    declared = [Tensor.model_validate(item) for item in inputs]
    given = [Tensor(name=name, shape=["batch"]) for name in outputs]
    form = FORMS[found.form](found, declared, given)
    return Source("/p", form, (), said.pop("request", None), **said)


def named(source: Source, start: str) -> list[Case]:
    return [case for case in cases(source) if case.name.startswith(start)]


def test_odd_texts_stand_beside_each_other_in_a_few_requests() -> None:
    found = named(source("json", TEXT), "texts ")
    assert len(found) <= 4 and {case.claim for case in found} == {Claim.ALLOWED}
    together = [text for case in found for text in case.value["t"]]
    assert {"", *RIGHT_TO_LEFT, *RUNS} <= set(together) <= {*TEXTS, *RIGHT_TO_LEFT, *RUNS}
    assert all(len(case.value["t"]) == case.bound["batch"] for case in found)
    (empty,) = [case.value["t"] for case in found if "" in case.value["t"]]
    assert len(empty) > 1


def test_a_text_that_the_contract_forbids_keeps_no_other_from_being_sent() -> None:
    short = {"properties": {"t": {"items": {"type": "string", "maxLength": 100}}}}
    found = named(source("json", TEXT, request=Schema(short)), "texts ")
    together = [text for case in found for text in case.value["t"]]
    assert "👍" * 8 in together and max(map(len, together)) <= 100


def test_without_a_batch_a_request_has_one_text() -> None:
    found = named(source("json", {**TEXT, "shape": [1]}), "texts ")
    assert [case.value["t"] for case in found] == [[text] for text in (*RIGHT_TO_LEFT, *RUNS)]


def test_no_request_has_more_rows_than_the_maximum() -> None:
    found = named(source("json", TEXT, max_batch=3), "texts ")
    assert max(len(case.value["t"]) for case in found) == 3


def test_the_corners_of_numbers_are_sent_in_one_request_or_two() -> None:
    found = named(source("kserve-v1", PAIR), "corners ")
    rows = [tuple(row) for case in found for row in case.value["instances"]]
    assert len(found) == 1
    assert set(rows) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_labels_are_no_odd_texts() -> None:
    labelled = source("json", {**TEXT, "labels": ["north", "south"]})
    assert named(labelled, "texts ") == []


def test_outputs_are_asked_for_alone_and_together() -> None:
    made = source("open-inference-v2", PAIR, outputs=("a", "b"))
    found = [case for case in cases(made) if ", asking for " in case.name]
    asked = [made.form.requested_outputs(case.value) for case in found]
    assert asked == [["a"], ["b"], ["a", "b"]]
    assert {case.claim for case in found} == {Claim.ALLOWED}


@pytest.mark.parametrize("protocol", ["json", "tensorflow-serving", "mlflow"])
def test_a_protocol_without_requested_outputs_is_not_asked_for_any(protocol: str) -> None:
    made = source(protocol, PAIR, outputs=("a", "b"))
    assert not any("asking for" in case.name for case in cases(made))


def test_a_sample_keeps_the_contract() -> None:
    made = source("json", TEXT, PAIR)
    assert {name: len(data) for name, data in sample(made, 2).items()} == {"t": 2, "x": 2}
    assert not made.refutes(made.form.request(sample(made, 2)))


def test_there_are_no_two_rows_where_nobody_promised_that_inputs_have_as_many() -> None:
    assert sample(source("json", TEXT, PAIR, promised=False), 2) == {}
    assert sample(source("json", TEXT, PAIR, max_batch=1), 2) == {}
    assert sample(source("json", TEXT, PAIR, promised=False), 1) != {}


def test_there_is_no_sample_of_what_more_than_the_inputs_is_required_of() -> None:
    more = {"required": ["t", "user"]}
    assert sample(source("json", TEXT, request=Schema(more)), 1) == {}
