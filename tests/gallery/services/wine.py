"""Wine: measurements in, the region out. Open Inference Protocol V2 with its binary extension.

Run as `python wine.py PORT`.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import numpy as np
from web import JSON, Answer, Refused, Request, serve, strict_json

MODEL = "wine"
INPUTS = {"measures": ("FP32", (6,)), "codes": ("INT64", (3,))}  # name -> datatype, shape of a row
OUTPUTS = {"probabilities": "FP32", "region": "INT64", "score": "FP32"}
ARRAYS = {"FP32": np.dtype("<f4"), "INT64": np.dtype("<i8")}
MOST = 64  # rows in one request
RANGES = {"measures": (-8, 8), "codes": (0, 9)}
LENGTH = "Inference-Header-Content-Length"

_random = np.random.default_rng(11)
HIDDEN = _random.normal(0, 0.5, (6, 12))
EMBEDDED = _random.normal(0, 0.6, (3, 10, 12))  # one table for each code
REGIONS = _random.normal(0, 0.8, (12, 4))
SCORE = _random.normal(0, 0.4, 12)


def infer(measures: Any, codes: Any) -> dict[str, Any]:
    """Outputs by name, for measures of shape (rows, 6) and codes of shape (rows, 3)."""
    embedded = sum(EMBEDDED[column, codes[:, column]] for column in range(3))
    hidden = np.tanh(np.einsum("ri,ih->rh", measures.astype(np.float64), HIDDEN) + embedded)
    logits = np.einsum("rh,hc->rc", hidden, REGIONS)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return {
        "probabilities": probabilities.astype(np.float32),
        "region": probabilities.argmax(axis=1).astype(np.int64),
        "score": np.einsum("rh,h->r", hidden, SCORE).astype(np.float32),
    }


def parts_of(request: Request) -> tuple[dict[str, Any], bytes]:
    """The JSON part of a request, and the binary part behind it."""
    length = request.headers.get(LENGTH)
    if length is None:
        value, binary = request.json(), b""
    else:
        if request.content_type not in ("application/octet-stream", JSON):
            raise Refused(415, "expected Content-Type: application/octet-stream")
        if not (length.isascii() and length.isdigit() and int(length) <= len(request.body)):
            raise Refused(400, f"{LENGTH} is no length within the body")
        value, binary = strict_json(request.body[: int(length)]), request.body[int(length) :]
    if not isinstance(value, dict):
        raise Refused(400, "expected an object")
    if not {"inputs"} <= set(value) <= {"id", "parameters", "inputs", "outputs"}:
        raise Refused(400, "expected inputs, and at most id, parameters and outputs beside it")
    if not isinstance(value.get("id", ""), str):
        raise Refused(400, "id: expected a string")
    if not isinstance(value.get("parameters", {}), dict):
        raise Refused(400, "parameters: expected an object")
    return value, binary


def inputs_of(tensors: Any, binary: bytes) -> dict[str, Any]:
    """The arrays of the inputs by name."""
    if not isinstance(tensors, list) or not all(isinstance(tensor, dict) for tensor in tensors):
        raise Refused(400, "inputs: expected a list of objects")
    names = [tensor.get("name") for tensor in tensors]
    if not all(isinstance(name, str) for name in names) or sorted(names) != sorted(INPUTS):
        raise Refused(400, f"inputs: expected {', '.join(INPUTS)}, each once")
    found = {}
    for tensor in tensors:
        found[tensor["name"]], binary = array_of(tensor, binary)
    if binary:
        raise Refused(400, "there are more binary data than tensors")
    if len({len(array) for array in found.values()}) != 1:
        raise Refused(400, "inputs: expected as many rows in each")
    return found


def array_of(tensor: dict[str, Any], binary: bytes) -> tuple[Any, bytes]:
    """The array of one tensor, and the binary data that are left for the next."""
    name = tensor["name"]
    datatype, row = INPUTS[name]
    if not set(tensor) <= {"name", "shape", "datatype", "parameters", "data"}:
        raise Refused(400, f"{name}: a member is unknown")
    if tensor.get("datatype") != datatype:
        raise Refused(400, f"{name}: expected datatype {datatype}")
    shape = tensor.get("shape")
    if not isinstance(shape, list) or not all(type(size) is int and size > 0 for size in shape):
        raise Refused(400, f"{name}: expected a shape of positive integers")
    if tuple(shape[1:]) != row or shape[0] > MOST:
        raise Refused(400, f"{name}: expected shape [1 to {MOST}, {', '.join(map(str, row))}]")
    parameters = tensor.get("parameters", {})
    if not isinstance(parameters, dict):
        raise Refused(400, f"{name}: expected an object of parameters")
    size = parameters.get("binary_data_size")
    if (size is None) != ("data" in tensor):
        raise Refused(400, f"{name}: expected either data or binary_data_size")
    if size is None:
        array = from_json(name, tensor["data"], shape)
    else:
        kind = ARRAYS[datatype]
        if type(size) is not int or size != math.prod(shape) * kind.itemsize or size > len(binary):
            raise Refused(400, f"{name}: the binary data do not fit the shape")
        array = np.frombuffer(binary[:size], kind).reshape(shape)
        binary = binary[size:]
    low, high = RANGES[name]
    if not ((array >= low) & (array <= high)).all():  # NaN is not within, either
        raise Refused(400, f"{name}: expected numbers from {low} to {high}")
    return array, binary


def from_json(name: str, data: Any, shape: list[int]) -> Any:
    """The array of data that are flat, or nested as the shape says."""
    datatype = INPUTS[name][0]
    if not isinstance(data, list):
        raise Refused(400, f"{name}: expected data as a list")
    if any(isinstance(item, list) for item in data):
        full = [isinstance(row, list) and len(row) == shape[1] for row in data]
        if len(data) != shape[0] or not all(full):
            raise Refused(400, f"{name}: the data do not have the shape that is given")
        data = [item for row in data for item in row]
    whole = datatype == "INT64"
    if not all(type(item) is int or is_fraction(item, whole) for item in data):
        raise Refused(400, f"{name}: expected data of {datatype}")
    if len(data) != math.prod(shape):
        raise Refused(400, f"{name}: the data do not have the shape that is given")
    low, high = RANGES[name]
    if not all(low <= item <= high for item in data):
        raise Refused(400, f"{name}: expected numbers from {low} to {high}")
    return np.array(data, ARRAYS[datatype]).reshape(shape)


def is_fraction(item: Any, whole: bool) -> bool:
    """Whether an item is a JSON number with a point; where it has to be whole, one like 4.0."""
    return type(item) is float and (not whole or item.is_integer())


def outputs_of(value: dict[str, Any]) -> dict[str, bool]:
    """The outputs that are asked for, and which of them as binary data."""
    asked = value.get("outputs", [])
    if not isinstance(asked, list) or not all(isinstance(output, dict) for output in asked):
        raise Refused(400, "outputs: expected a list of objects")
    every = value.get("parameters", {}).get("binary_data_output", False)
    found = {}
    for output in asked or [{"name": name} for name in OUTPUTS]:
        name, parameters = output.get("name"), output.get("parameters", {})
        if not set(output) <= {"name", "parameters"} or not isinstance(parameters, dict):
            raise Refused(400, "outputs: expected objects of name and parameters")
        if not isinstance(name, str) or name not in OUTPUTS or name in found:
            raise Refused(400, f"outputs: expected {', '.join(OUTPUTS)}, each at most once")
        found[name] = parameters.get("binary_data", every)
        if not isinstance(found[name], bool):
            raise Refused(400, "binary data are asked for with true or false")
    return found


def predict(request: Request) -> Answer:
    """POST .../infer."""
    value, binary = parts_of(request)
    inputs = inputs_of(value["inputs"], binary)
    asked = outputs_of(value)
    results = infer(inputs["measures"], inputs["codes"])
    answer: dict[str, Any] = {"model_name": MODEL, "model_version": "1"}
    if "id" in value:
        answer["id"] = value["id"]
    answer["outputs"] = []
    blocks = b""
    for name, as_binary in asked.items():
        array = results[name]
        tensor = {"name": name, "datatype": OUTPUTS[name], "shape": list(array.shape)}
        if as_binary:
            block = array.astype(ARRAYS[OUTPUTS[name]]).tobytes()
            tensor["parameters"] = {"binary_data_size": len(block)}
            blocks += block
        else:
            tensor["data"] = array.ravel().tolist()
        answer["outputs"].append(tensor)
    if not any(asked.values()):
        return Answer(answer)
    head = json.dumps(answer).encode()
    return Answer(head + blocks, type="application/octet-stream", headers={LENGTH: str(len(head))})


def metadata(request: Request) -> Answer:
    """GET /v2/models/wine."""
    shapes = {"probabilities": [-1, 4], "region": [-1], "score": [-1]}
    return Answer(
        {
            "name": MODEL,
            "versions": ["1"],
            "platform": "numpy",
            "inputs": [
                {"name": name, "datatype": datatype, "shape": [-1, *row]}
                for name, (datatype, row) in INPUTS.items()
            ],
            "outputs": [
                {"name": name, "datatype": datatype, "shape": shapes[name]}
                for name, datatype in OUTPUTS.items()
            ],
        }
    )


def server(request: Request) -> Answer:
    """GET /v2."""
    return Answer({"name": "wine-server", "version": "1.2.0", "extensions": ["binary_tensor_data"]})


def live(request: Request) -> Answer:
    """GET /v2/health/live."""
    return Answer({"live": True})


def ready(request: Request) -> Answer:
    """GET /v2/health/ready."""
    return Answer({"ready": True})


def model_ready(request: Request) -> Answer:
    """GET /v2/models/wine/ready."""
    return Answer({"name": MODEL, "ready": True})


ROUTES = {
    "/v2": {"GET": server},
    "/v2/health/live": {"GET": live},
    "/v2/health/ready": {"GET": ready},
    **{
        f"/v2/models/{MODEL}{version}{end}": {method: handler}
        for version in ("", "/versions/1")
        for end, method, handler in (
            ("", "GET", metadata),
            ("/ready", "GET", model_ready),
            ("/infer", "POST", predict),
        )
    },
}

if __name__ == "__main__":
    serve(ROUTES, int(sys.argv[1]))
