"""The sentiment example: its service answers as its contract says, its training is repeatable."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

Importer = Callable[[str, str], ModuleType]
JSON = "application/json"


@pytest.fixture(scope="module")
def client(module: Importer) -> Any:
    """The service without a server, with the int8 model."""
    return module("sentiment", "app").create_app().test_client()


def test_examples_of_the_contract_hold(client: Any, examples: Path) -> None:
    lines = (examples / "sentiment/contracts/examples.jsonl").read_text(encoding="utf-8")
    for example in map(json.loads, lines.splitlines()):
        answer = client.post("/predict", json=example["request"])
        assert answer.status_code == example["status"], example
        assert "response" not in example or answer.get_json() == example["response"], example


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[", b"null", b"{}", b"[]", b"[1]", b"[null]", b'["a", "b"]', b'[["a"]]', b'"a"',
        b'[""]', b'["\xff"]', b"[NaN]", b'["\\ud800"]', b'{"a": 1, "a": 2}', b'["a"] x', b"[1e999]",
        b'\xef\xbb\xbf["a"]', b"[" * 50_000, b'["' + b"a" * 2001 + b'"]',
    ],
)  # fmt: skip
def test_bad_body_gets_400_with_an_error(client: Any, body: bytes) -> None:
    answer = client.post("/predict", data=body, content_type=JSON)
    assert answer.status_code == 400
    assert isinstance(answer.get_json()["error"], str)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/predict", 405), ("PUT", "/predict", 405), ("POST", "/health", 405),
     ("GET", "/", 404), ("POST", "/predict/", 404)],
)  # fmt: skip
def test_wrong_route_gets_its_4xx_as_json(client: Any, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert isinstance(answer.get_json()["error"], str)
    assert ("Allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_wrong_content_type_gets_415(client: Any, kind: str | None) -> None:
    answer = client.post("/predict", data=b'["a"]', content_type=kind)
    assert answer.status_code == 415
    assert isinstance(answer.get_json()["error"], str)


def test_large_body_gets_413(client: Any) -> None:
    answer = client.post("/predict", data=b'["' + b"a" * 70_000 + b'"]', content_type=JSON)
    assert answer.status_code == 413


def test_health_names_the_model(client: Any) -> None:
    assert client.get("/health").get_json() == {"status": "ok", "model": "int8"}


def test_unknown_model_is_refused_at_start(
    module: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL", "int4")
    with pytest.raises(ValueError, match="expected one of fp32, int8"):
        module("sentiment", "app").create_app()


def test_careless_change_makes_the_answer_a_text(module: Importer) -> None:
    app = module("sentiment", "app").create_app(lambda positive: {"positive": str(positive)})
    assert app.test_client().post("/predict", json=["dull"]).get_json() == {"positive": "False"}


def test_training_gives_the_same_models_twice(examples: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.train", "--models", str(tmp_path), "--no-data"]
    subprocess.run(command, cwd=examples / "sentiment", check=True, timeout=60)
    for name in ("sentiment.fp32.onnx", "sentiment.int8.onnx"):
        made = (examples / "sentiment/models" / name).read_bytes()
        assert (tmp_path / name).read_bytes() == made, name


def test_models_are_good_and_int8_loses_little(examples: Path) -> None:
    import onnxruntime

    with np.load(examples / "sentiment/data/eval.npz") as rows:
        x, y = rows["x"], rows["y"]
    right = {}
    for kind in ("fp32", "int8"):
        path = examples / f"sentiment/models/sentiment.{kind}.onnx"
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        right[kind] = float(np.mean(session.run(None, {"x": x})[0].argmax(1) == y))
    assert len(y) > 4000
    assert right["fp32"] > 0.95
    assert abs(right["fp32"] - right["int8"]) < 0.003
