"""What goes wrong, in one form, `{"error", "hint"}`; the status says whose turn it is."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

from harness.errors import ReportError
from harness.ledger import LedgerError, Refused
from harness.report.flat import one_line
from harness.server.rendering import to_json


class Complaint(BaseModel):
    """The body of every answer from 400 on."""

    error: str
    """What was wrong, one line."""
    hint: str
    """What to do about it; may be empty."""


class ApiError(HTTPException):
    """A request that is not answered: its status, what was wrong, and a hint.

    One of Starlette's, as FastAPI takes any other for a body that cannot be parsed.
    """

    def __init__(
        self, status: int, error: str, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, error)
        self.headers: dict[str, str] = dict(headers or {})
        self.status, self.error, self.hint = status, error, hint


def complaints(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route, for the document of the interface."""
    return {status: {"model": Complaint, "description": _SAYS[status]} for status in statuses}


def install(app: FastAPI) -> None:
    """Give every kind of fault that one form."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(LedgerError, _ledger)
    app.add_exception_handler(ReportError, _report)
    app.add_exception_handler(Exception, _defect)


def complain(
    status: int, error: str, hint: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """The answer for a request that is not answered."""
    body = to_json({"error": error, "hint": hint})
    return Response(body, status, dict(headers or {}), "application/json")


def away(problem: LedgerError) -> str:
    """What is told of a ledger that fails. What it says names the database's host: to the log."""
    _log.error("the ledger does not answer: %s", problem)
    return "the ledger does not answer"


async def _api_error(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, ApiError)
    return complain(problem.status, problem.error, problem.hint, problem.headers)


async def _http(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    hint = "/openapi.json has every path and method" if problem.status_code in (404, 405) else ""
    headers = {**(problem.headers or {})}
    if problem.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return complain(problem.status_code, str(problem.detail).lower(), hint, headers)


def _methods(request: Request) -> set[str]:
    """What the path of a request answers to: Starlette tells the first of its routes only."""
    return {
        method
        for method in _METHODS
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    }


async def _invalid(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    first = problem.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    told = f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}"
    typed = first["type"] != "model_attributes_type"  # what is not read as JSON is only text
    return complain(422, one_line(told), _DOCUMENT if typed else _UNTYPED)


async def _ledger(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, LedgerError)
    if isinstance(problem, Refused):
        return complain(422, one_line(problem.what), problem.hint)
    return complain(503, away(problem), _LOG, {"Retry-After": "2"})


async def _report(request: Request, problem: Exception) -> Response:
    return complain(422, one_line(str(problem)), "a report as `gate run` writes it")


async def _defect(request: Request, problem: Exception) -> Response:
    return complain(500, "a defect of the service", _LOG)


_log = logging.getLogger(__name__)
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_LOG = "the service's log says why"
_DOCUMENT = "/openapi.json says what is expected"
_UNTYPED = "send a JSON object with `Content-Type: application/json`"
_SAYS = {
    400: "The request cannot be read",
    401: "No token, or none that holds",
    403: "The token may not do this",
    404: "There is no such thing",
    409: "Refused as things stand",
    413: "Larger than is taken",
    415: "Not a kind of body that is taken",
    422: "Read, and not what was expected",
    429: "Too often",
    503: "The ledger does not answer",
}
