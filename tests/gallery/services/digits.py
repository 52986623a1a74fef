"""Digits: small pictures in, the digit out. TensorFlow Serving's REST API, rows and columns.

Run as `python digits.py PORT`.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from web import Answer, Refused, Request, serve

MODEL = "digits"
SIDE = 6  # pixels
MOST = 64  # pictures in one request

_random = np.random.default_rng(5)
FILTERS = _random.normal(0, 0.35, (3, 3, 8))
DENSE = _random.normal(0, 0.5, (8 * (SIDE - 2) ** 2, 10)) / 2


def infer(pictures: Any) -> dict[str, Any]:
    """Outputs by name, for pictures of shape (rows, SIDE, SIDE) with pixels from 0 to 16."""
    windows = np.lib.stride_tricks.sliding_window_view(pictures / 16, (3, 3), axis=(1, 2))
    features = np.maximum(np.einsum("rijkl,klf->rijf", windows, FILTERS), 0)
    flat = features.reshape(len(pictures), -1)
    logits = np.einsum("rf,fd->rd", flat, DENSE)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return {"probabilities": probabilities, "digit": probabilities.argmax(axis=1)}


def pictures_of(rows: Any, where: str) -> Any:
    """The pictures as an array of shape (rows, SIDE, SIDE)."""
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST:
        raise Refused(400, f"{where}: expected a list of 1 to {MOST} pictures")
    for number, picture in enumerate(rows):
        if not is_picture(picture):
            raise Refused(400, f"{where}[{number}]: expected {SIDE} x {SIDE} numbers, 0 to 16")
    return np.array(rows, np.float64)


def is_picture(value: Any) -> bool:
    """Whether a value is a picture."""
    if not isinstance(value, list) or len(value) != SIDE:
        return False
    for row in value:
        if not isinstance(row, list) or len(row) != SIDE:
            return False
        if not all(type(pixel) in (int, float) and 0 <= pixel <= 16 for pixel in row):
            return False
    return True


def predict(request: Request) -> Answer:
    """POST ...:predict."""
    value = request.json()
    if not isinstance(value, dict):
        raise Refused(400, "expected an object")
    if value.get("signature_name", "serving_default") != "serving_default":
        raise Refused(400, "signature_name: expected serving_default")
    given = set(value) - {"signature_name"}
    if given == {"instances"}:
        return Answer({"predictions": in_rows(value["instances"])})
    if given == {"inputs"}:
        return Answer({"outputs": in_columns(value["inputs"])})
    raise Refused(400, "expected instances or inputs, and at most signature_name beside it")


def in_rows(instances: Any) -> list[dict[str, Any]]:
    """One object for each picture; a picture may be named, as in {"picture": ...}."""
    if isinstance(instances, list) and all(isinstance(row, dict) for row in instances):
        if not all(set(row) == {"picture"} for row in instances):
            raise Refused(400, "instances: expected the member picture and no other")
        instances = [row["picture"] for row in instances]
    results = infer(pictures_of(instances, "instances"))
    probabilities, digits = results["probabilities"].tolist(), results["digit"].tolist()
    return [{"probabilities": p, "digit": d} for p, d in zip(probabilities, digits)]


def in_columns(inputs: Any) -> dict[str, Any]:
    """One list for each output; the pictures may be named, as in {"picture": [...]}."""
    if isinstance(inputs, dict):
        if set(inputs) != {"picture"}:
            raise Refused(400, "inputs: expected the member picture and no other")
        inputs = inputs["picture"]
    results = infer(pictures_of(inputs, "inputs"))
    return {name: array.tolist() for name, array in results.items()}


def status(request: Request) -> Answer:
    """GET /v1/models/digits."""
    well = {"error_code": "OK", "error_message": ""}
    state = {"version": "1", "state": "AVAILABLE", "status": well}
    return Answer({"model_version_status": [state]})


def metadata(request: Request) -> Answer:
    """GET /v1/models/digits/metadata."""
    signature = {
        "inputs": {"picture": tensor("DT_FLOAT", -1, SIDE, SIDE)},
        "outputs": {"probabilities": tensor("DT_FLOAT", -1, 10), "digit": tensor("DT_INT64", -1)},
        "method_name": "tensorflow/serving/predict",
    }
    return Answer(
        {
            "model_spec": {"name": MODEL, "signature_name": "", "version": "1"},
            "metadata": {"signature_def": {"signature_def": {"serving_default": signature}}},
        }
    )


def tensor(datatype: str, *shape: int) -> dict[str, Any]:
    """A tensor as TensorFlow describes it."""
    sizes = [{"size": str(size), "name": ""} for size in shape]
    return {"dtype": datatype, "tensor_shape": {"dim": sizes, "unknown_rank": False}, "name": ""}


ROUTES = {
    f"/v1/models/{MODEL}{version}{end}": {method: handler}
    for version in ("", "/versions/1")
    for end, method, handler in (
        ("", "GET", status),
        ("/metadata", "GET", metadata),
        (":predict", "POST", predict),
    )
}

if __name__ == "__main__":
    serve(ROUTES, int(sys.argv[1]))
