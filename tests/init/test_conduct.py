"""`gate init` on services of this process, on the examples' own processes, and on their images."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.config import load
from harness.contract import (
    Contract,
    examples,
    invalid_requests,
    metadata,
    not_found,
    responses,
    strict_json,
    wrong_method,
)
from harness.errors import ConfigError
from harness.init import Wish, initialise
from harness.model import Finding, Severity
from harness.testing import Handler, Reply, serve

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
REVIEW = ["What a lovely film"]
METADATA = {
    "name": "iris",
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}],
    "outputs": [{"name": "p", "datatype": "FP32", "shape": [-1, 2]}],
}


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), status)


def _oip(method: str, path: str, body: bytes) -> Reply:
    """A sound server of the Open Inference Protocol with one model, iris."""
    if method == "GET" and path in ("/v2/health/ready", "/v2/health/live"):
        return _json({})
    if method == "GET" and path == "/v2/models":
        return _json({"models": ["iris"]})
    if path == "/v2/models/iris":
        return _json(METADATA) if method == "GET" else _json({"error": "method"}, 405)
    if path != "/v2/models/iris/infer":
        return _json({"error": "no such path"}, 404)
    if method != "POST":
        return _json({"error": "method"}, 405)
    try:
        request = json.loads(body)
        (tensor,) = request["inputs"]
        rows, width = tensor["shape"]
        sound = (tensor["name"], tensor["datatype"], width) == ("x", "FP32", 3)
        flat = (
            tensor["data"] if not isinstance(tensor["data"][0], list) else sum(tensor["data"], [])
        )
        if not sound or rows < 1 or len(flat) != 3 * rows:
            raise ValueError
        shares = [1 / (2 + abs(sum(flat[3 * n : 3 * n + 3]))) for n in range(rows)]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return _json({"error": "no such tensor"}, 400)
    data = [part for share in shares for part in (share, 1 - share)]
    output = {"name": "p", "shape": [rows, 2], "datatype": "FP32", "data": data}
    answer = {"model_name": "iris", "outputs": [output]}
    return _json({**answer, "id": request["id"]} if "id" in request else answer)


def _init(into: Path, url: str, *given: Any, **more: Any) -> tuple[int, list[str]]:
    said: list[str] = []
    return initialise(Wish(url, into, given, **more), said.append), said


def _written(into: Path) -> dict[str, Any]:
    return tomllib.loads((into / "gate.toml").read_text(encoding="utf-8"))


def _errors(into: Path, url: str) -> list[Finding]:
    """What the contract checks find wrong with the service by the gate that was written."""
    contract = Contract.load(load(into / "gate.toml", url=url)).learn(url)
    instruments = [responses, strict_json, metadata, not_found, wrong_method, invalid_requests]
    if contract.examples:
        instruments = [examples, *instruments]
    found = [item for instrument in instruments for item in instrument(contract, url).findings]
    return [item for item in found if item.severity is Severity.ERROR]


@contextmanager
def _example(name: str, **environment: str) -> Iterator[str]:
    """An example's own service, started as its gate.local.toml does."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["--config", "webapp/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *command, "webapp.wsgi:app"],
        cwd=EXAMPLES / name,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ends = time.monotonic() + 30
        while not _listens(f"http://127.0.0.1:{port}/") and time.monotonic() < ends:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _listens(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except urllib.error.HTTPError as answer:
        answer.close()
        return True
    except OSError:
        return False
    return True


def _need(*models: str) -> None:
    if not all((EXAMPLES / model).exists() for model in models):
        pytest.skip("`make examples` has not made the models")


def test_a_server_that_describes_itself_needs_no_word_of_the_user(tmp_path: Path) -> None:
    with serve(_oip) as fake:
        code, said = _init(tmp_path, fake.base_url)
        assert code == 0 and _errors(tmp_path, fake.base_url) == []
    contract = _written(tmp_path)["contract"]
    assert (contract["protocol"], contract["model"]) == ("open-inference-v2", "iris")
    assert contract["inputs"] == [{"name": "x", "datatype": "FP32", "shape": ["batch", 3]}]
    assert contract["outputs"][0]["sums_to"] == 1.0
    assert any("of the server's metadata: x FP32 [batch, 3]" in line for line in said)
    assert said[-1] == f"next: gate run {tmp_path / 'gate.toml'}"


def test_what_does_not_pass_is_told_and_written_all_the_same(tmp_path: Path) -> None:
    def lenient(method: str, path: str, body: bytes) -> Reply:
        answer = _oip(method, path, body)
        return _json({"outputs": []}) if answer.status == 400 and body != b"{}" else answer

    with serve(lenient) as fake:
        code, said = _init(tmp_path, fake.base_url)
    assert code == 1 and (tmp_path / "gate.toml").exists()
    assert any(
        line.startswith("does not pass contract.invalid_requests: accepted") for line in said
    )


def test_nothing_is_overwritten_and_nothing_is_asked_where_a_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text("mine")
    with pytest.raises(ConfigError, match="gate.toml is there already"):
        _init(tmp_path, "http://127.0.0.1:1", REVIEW)
    assert (tmp_path / "gate.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("handler", "given", "expected"),
    [
        (lambda m, p, b: _json({}, 404), [], "nothing says what a request of this service is"),
        (lambda m, p, b: _json({}, 404), [REVIEW], "none of /predict, .* is there: give --path"),
        (
            lambda m, p, b: _json({"error": "no"}, 400 if p == "/predict" else 404),
            [REVIEW],
            r"there is /predict \(400\): give --path",
        ),
        (
            lambda m, p, b: _json({}, 404) if p.endswith("iris") else _oip(m, p, b),
            [],
            "does not describe its inputs: .* give --example",
        ),
    ],
)
def test_what_more_has_to_be_said_is_said(
    tmp_path: Path, handler: Handler, given: list[Any], expected: str
) -> None:
    with serve(handler) as fake, pytest.raises(ConfigError, match=expected):
        _init(tmp_path, fake.base_url, *given)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_protocol_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'mlflow'"):
        _init(tmp_path, "http://127.0.0.1:1", protocol="mlfow")


def test_a_document_of_the_service_is_kept_beside_its_gate(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    content = {"application/json": {"schema": schema}}
    post = {"requestBody": {"content": content}, "responses": {"200": {"content": content}}}
    document = {"openapi": "3.1.0", "paths": {"/double": {"post": post}}}

    def handler(method: str, path: str, body: bytes) -> Reply:
        if path == "/openapi.json" and method == "GET":
            return _json(document)
        if path != "/double":
            return _json({"detail": "no such path"}, 404)
        if method != "POST":
            return _json({"detail": "method"}, 405)
        try:
            number = json.loads(body)["n"]
            sound = type(number) in (int, float) and number == int(number)
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
            sound = False
        return _json({"n": int(number)}) if sound else _json({"detail": "n is no integer"}, 422)

    with serve(handler) as fake:
        code, said = _init(tmp_path, fake.base_url)
    contract = _written(tmp_path)["contract"]
    assert (contract["protocol"], contract["document"]) == ("openapi", "contracts/openapi.json")
    assert json.loads((tmp_path / "contracts/openapi.json").read_bytes()) == document
    assert "path: /double" in said and code == 0, said


def test_the_sentiment_example_passes_what_was_written_for_it(tmp_path: Path) -> None:
    _need("sentiment/models/sentiment.int8.onnx")
    with _example("sentiment", MODEL="int8") as url:
        code, said = _init(tmp_path, url, REVIEW, [])
        assert (code, _errors(tmp_path, url)) == (0, [])
    written = _written(tmp_path)
    assert written["candidate"]["ready"] == {"path": "/health"}
    assert written["contract"]["path"] == "/predict"
    request = json.loads((tmp_path / "contracts/request.schema.json").read_bytes())
    assert (request["minItems"], request["maxItems"], request["items"]["minLength"]) == (1, 1, 1)
    response = json.loads((tmp_path / "contracts/response.schema.json").read_bytes())
    assert response["properties"] == {"positive": {"type": "boolean"}}
    rows = (tmp_path / "contracts/examples.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["status"] for row in rows] == [200, 400]
    assert any(line.startswith("request guessed from 1 examples") for line in said)


def test_the_digits_example_passes_what_was_written_for_it(tmp_path: Path) -> None:
    _need("digits/models/digits.int8.onnx")
    lines = (EXAMPLES / "digits/contracts/examples.jsonl").read_text().splitlines()
    pictures = [json.loads(line)["request"] for line in lines[:2]]
    with _example("digits", MODEL_PATH="models/digits.int8.onnx") as url:
        code, said = _init(tmp_path, url, *pictures, name="digits")
        assert (code, _errors(tmp_path, url)) == (0, [])
    contract = _written(tmp_path)["contract"]
    assert contract["protocol"] == "tensorflow-serving" and "inputs" not in contract
    assert contract["outputs"] == [
        {
            "name": "outputs",
            "datatype": "FP32",
            "shape": ["batch", 10],
            "range": [0.0, 1.0],
            "sums_to": 1.0,
        }
    ]
    assert any(line.startswith("inputs guessed, and not declared") for line in said)


@pytest.mark.docker
def test_an_image_is_started_in_the_same_sandbox_and_named_in_the_gate(
    engine: None, tmp_path: Path
) -> None:
    image = "releasegate-example/sentiment:1"
    there = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False)
    if there.returncode:
        pytest.skip("`make examples` has not built the images")
    code, _ = _init(tmp_path, image, REVIEW)
    assert code == 0
    candidate = _written(tmp_path)["candidate"]
    assert candidate == {
        "name": "sentiment",
        "image": image,
        "port": 5000,
        "ready": {"path": "/health"},
    }


def test_the_command_line_takes_what_was_given(tmp_path: Path) -> None:
    with serve(_oip) as fake:
        done = _gate("init", fake.base_url, "--into", str(tmp_path), "--name", "iris")
    assert done.returncode == 0, done.stderr
    assert "protocol: open-inference-v2" in done.stdout and "next: gate run" in done.stdout
    again = _gate("init", "http://127.0.0.1:1", "--into", str(tmp_path))
    assert again.returncode == 2 and "is there already" in again.stderr


def test_one_line_of_contract_is_a_whole_gate(tmp_path: Path) -> None:
    with serve(_oip) as fake:
        text = f'version = 1\n[candidate]\nname = "iris"\nurl = "{fake.base_url}"\n'
        text += '[contract]\nprotocol = "open-inference-v2"\n'
        (tmp_path / "gate.toml").write_text(text, encoding="utf-8")
        words = ["--only", "startup", "--only", "contract", "--only", "behaviour"]
        done = _gate("run", str(tmp_path / "gate.toml"), *words, "--report", str(tmp_path / "r"))
    report = json.loads((tmp_path / "r/report.json").read_text(encoding="utf-8"))
    outcomes = {check["id"]: check["outcome"] for check in report["checks"]}
    assert outcomes["startup.ready"] == outcomes["contract.response"] == "passed", done.stdout
    assert outcomes["behaviour.batch"] == outcomes["contract.invalid_requests"] == "passed"


def _gate(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_an_example_tells_protocols_of_the_same_paths_apart(tmp_path: Path) -> None:
    def handler(method: str, path: str, body: bytes) -> Reply:
        if path == "/ping" and method == "GET":
            return Reply(b"\n")
        if path != "/invocations":
            return _json({"error_code": "NOT_FOUND"}, 404)
        if method != "POST":
            return _json({"error_code": "METHOD"}, 405)
        try:
            rows = json.loads(body)["inputs"]
            return _json({"predictions": [float(row[0]) for row in rows]})
        except (ValueError, KeyError, TypeError, IndexError, ArithmeticError, RecursionError):
            return _json({"error_code": "BAD_REQUEST"}, 400)

    with serve(handler) as fake:
        _, said = _init(tmp_path, fake.base_url, {"inputs": [[1.5, 2.5]]})
    assert said[1].startswith("protocol: mlflow (score 1.8")
    assert _written(tmp_path)["contract"]["inputs"][0]["shape"] == ["batch", 2]
