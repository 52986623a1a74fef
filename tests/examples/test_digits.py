"""The digits example: its service speaks TensorFlow Serving, its models are what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

Importer = Callable[[str, str], ModuleType]
PREDICT = "/v1/models/digits:predict"
DARK, BRIGHT = [0] * 64, [16] * 64


@pytest.fixture(scope="module")
def client(module: Importer) -> Any:
    """The service without a server, with the int8 model."""
    return module("digits", "app").create_app().test_client()


@pytest.fixture(scope="module")
def right(examples: Path) -> Callable[[str], Any]:
    """Whether the model of a name is right, for each row of the evaluation data."""
    import onnxruntime

    with np.load(examples / "digits/data/eval.npz") as rows:
        x, y = rows["x"], rows["y"]

    def evaluate(name: str) -> Any:
        path = examples / f"digits/models/digits.{name}.onnx"
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return session.run(None, {"x": x})[0].argmax(1) == y

    return evaluate


def test_examples_of_the_contract_hold(client: Any, examples: Path) -> None:
    lines = (examples / "digits/contracts/examples.jsonl").read_text(encoding="utf-8")
    for example in map(json.loads, lines.splitlines()):
        answer = client.post(PREDICT, json=example["request"])
        assert answer.status_code == example["status"], example


def test_status_says_available(client: Any) -> None:
    (version,) = client.get("/v1/models/digits").get_json()["model_version_status"]
    assert version["state"] == "AVAILABLE"


def test_rows_keep_their_order(client: Any) -> None:
    alone = [
        client.post(PREDICT, json={"instances": [row]}).get_json()["predictions"][0]
        for row in (DARK, BRIGHT)
    ]
    together = client.post(PREDICT, json={"instances": [BRIGHT, DARK]}).get_json()["predictions"]
    assert together == alone[::-1]
    assert all(sum(row) == pytest.approx(1.0, abs=1e-5) for row in together)


@pytest.mark.parametrize(
    "value",
    [
        None, [], {}, {"instances": []}, {"instances": [[]]}, {"instances": DARK},
        {"instances": [DARK[:63]]}, {"instances": [DARK[:63] + [17]]},
        {"instances": [DARK[:63] + [True]]}, {"instances": [DARK[:63] + ["1"]]},
        {"instances": [DARK], "inputs": [DARK]}, {"instances": [DARK] * 257},
    ],
)  # fmt: skip
def test_bad_request_gets_400_with_an_error(client: Any, value: Any) -> None:
    answer = client.post(PREDICT, data=json.dumps(value), content_type="application/json")
    assert answer.status_code == 400
    assert isinstance(answer.get_json()["error"], str)


def test_unknown_model_gets_404_as_json(client: Any) -> None:
    answer = client.get("/v1/models/letters")
    assert answer.status_code == 404
    assert isinstance(answer.get_json()["error"], str)


def test_float_model_is_good(right: Callable[[str], Any]) -> None:
    assert right("fp32").mean() > 0.93


def test_int8_loses_little_and_lossy_loses_much(right: Callable[[str], Any]) -> None:
    reference = right("fp32").mean()
    assert abs(reference - right("int8").mean()) < 0.005
    assert 0.03 < reference - right("lossy").mean() < 0.3


def test_every_form_was_written(examples: Path) -> None:
    models = examples / "digits/models"
    for name in ("digits.savedmodel/saved_model.pb", "digits.fp32.tflite", "digits.int8.tflite"):
        assert (models / name).stat().st_size > 5_000, name


def test_strict_json_is_the_same_in_both_services(examples: Path) -> None:
    """Two services are two build contexts, so each has its copy."""
    one, two = (examples / name / "webapp/strict.py" for name in ("sentiment", "digits"))
    assert one.read_text(encoding="utf-8") == two.read_text(encoding="utf-8")
