"""The HTTP side: one route that predicts, one that tells it is well, and every error as JSON."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from . import strict
from .model import Model

LONGEST_TEXT = 2000  # characters, as in contracts/request.schema.json
LARGEST_BODY = 64 * 1024  # bytes; the longest text has 24 kB where each character is escaped
MODELS = Path(__file__).resolve().parent.parent / "models"


def answer(positive: bool) -> dict[str, Any]:
    """The answer as contracts/response.schema.json promises it."""
    return {"positive": positive}


def create_app(answer: Callable[[bool], dict[str, Any]] = answer) -> Flask:
    """The service, with the model of the environment variable MODEL, "int8" by default."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.register_error_handler(HTTPException, _error)
    model = Model(MODELS, os.environ.get("MODEL", "int8"))

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="ok", model=model.kind)

    @app.post("/predict")
    def predict() -> Response:
        return jsonify(answer(model.positive(_text())))

    return app


def _text() -> str:
    """The text of the request, or the 4xx that it deserves."""
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
        case [str(text)] if 0 < len(text) <= LONGEST_TEXT:
            return text
    abort(400, f"expected an array of one text of 1 to {LONGEST_TEXT} characters")


def _error(problem: HTTPException) -> Response:
    """The error's own status and headers, with a body that a program can read."""
    # Without the environment: with it, a method that is not allowed loses its Allow header.
    response = Response(status=problem.code)
    for name, value in problem.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers.add(name, value)
    response.set_data(jsonify(error=problem.description).get_data())
    response.mimetype = "application/json"
    return response
