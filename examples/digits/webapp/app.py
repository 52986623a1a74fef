"""The HTTP side: predictions in TensorFlow Serving's row format, and every error as JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from . import strict
from .model import Model

PIXELS, BRIGHTEST = 64, 16
MOST_ROWS = 256
LARGEST_BODY = 1024 * 1024  # bytes; 256 rows of 64 numbers with 17 digits are 320 kB
HERE = Path(__file__).resolve().parent.parent


def create_app() -> Flask:
    """The service, with the model at the environment variable MODEL_PATH."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.register_error_handler(HTTPException, _error)
    model = Model(HERE / os.environ.get("MODEL_PATH", "models/digits.int8.onnx"))

    @app.get("/v1/models/digits")
    def status() -> Response:
        ready = {"error_code": "OK", "error_message": ""}
        versions = [{"version": "1", "state": "AVAILABLE", "status": ready}]
        return jsonify(model_version_status=versions)

    @app.post("/v1/models/digits:predict")
    def predict() -> Response:
        return jsonify(predictions=model.predict(_instances()))

    return app


def _instances() -> list[list[float]]:
    """The rows of the request, or the 4xx that it deserves."""
    if request.mimetype != "application/json":
        abort(415, "expected Content-Type: application/json")
    body = request.get_data()
    if len(body) == LARGEST_BODY:
        abort(413)  # a chunked body is cut here without a word
    try:
        value = strict.parse(body)
    except ValueError as problem:
        abort(400, str(problem))
    match value:
        case {"instances": [*rows], **others} if 0 < len(rows) <= MOST_ROWS and not others:
            for index, row in enumerate(rows):
                if not _is_image(row):
                    abort(400, f"instances[{index}]: expected {PIXELS} numbers, 0 to {BRIGHTEST}")
            return rows
    abort(400, f'expected {{"instances": [...]}} with 1 to {MOST_ROWS} rows')


def _is_image(row: Any) -> bool:
    return isinstance(row, list) and len(row) == PIXELS and all(map(_is_pixel, row))


def _is_pixel(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= BRIGHTEST


def _error(problem: HTTPException) -> Response:
    """The error's own status and headers, with a body that a program can read."""
    response = Response(status=problem.code)
    for name, value in problem.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers.add(name, value)
    response.set_data(jsonify(error=problem.description).get_data())
    response.mimetype = "application/json"
    return response
