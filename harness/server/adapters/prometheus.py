"""The query API of Prometheus over the ledger: for Flagger's and Argo's providers, and Grafana."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from harness.ledger import LedgerError
from harness.server.controllers import series
from harness.server.controllers.credentials import admit
from harness.server.controllers.promql import Constant, PromqlError, parse, shown
from harness.server.errors import away, complaints
from harness.server.rendering import to_json
from harness.server.service import Service

MOST_POINTS = 11_000  # of one series, as Prometheus has it
_NOW = dt.timedelta(minutes=5)  # no further away, it is now on a clock that is slow or fast
_LONGEST = dt.timedelta(days=3660)
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d|w)")
_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

Query = Callable[[Service, dict[str, str]], dict[str, Any]]


def router(service: Service) -> APIRouter:
    """`/api/v1/query` and `/api/v1/query_range`, by GET and as a form."""
    routes = APIRouter(tags=["prometheus"])
    _add(routes, service, "query", instant, ("query", "time"))
    _add(routes, service, "query_range", ranged, ("query", "start", "end", "step"))
    return routes


def _add(
    routes: APIRouter, service: Service, name: str, query: Query, keys: tuple[str, ...]
) -> None:
    async def get(request: Request) -> Response:
        """Values of `releasegate_pass` and `releasegate_<metric>`, in the form of Prometheus."""
        await admit(service, request, "read")
        return await run_in_threadpool(_answered, service, query, dict(request.query_params))

    async def post(request: Request) -> Response:
        """The same with the parameters as a form, which clients try first."""
        await admit(service, request, "read")
        body = (await request.body()).decode("utf-8", "replace")
        try:
            form = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=16))
        except ValueError as problem:
            return _failed(400, "bad_data", str(problem))
        return await run_in_threadpool(_answered, service, query, {**request.query_params, **form})

    listed = [_parameter(key) for key in keys]
    _route(routes, name, "GET", get, {"parameters": listed})
    _route(routes, name, "POST", post, {"requestBody": _form(keys)})


def _route(
    routes: APIRouter,
    name: str,
    method: str,
    handler: Callable[[Request], Awaitable[Response]],
    extra: dict[str, Any],
) -> None:
    routes.add_api_route(
        f"/api/v1/{name}",
        handler,
        methods=[method],
        name=f"{name} by {method}",
        response_class=Response,
        responses={200: _ANSWER, 400: _FAULT, **complaints(401, 403, 413, 429), 503: _FAULT},
        openapi_extra=extra,
    )


def _answered(service: Service, query: Query, given: dict[str, str]) -> Response:
    try:
        data = query(service, given)
    except PromqlError as problem:
        return _failed(400, "bad_data", str(problem))
    except LedgerError as problem:
        return _failed(503, "unavailable", away(problem))
    return Response(to_json({"status": "success", "data": data}), 200, {}, "application/json")


def _failed(status: int, kind: str, problem: str) -> Response:
    body = {"status": "error", "errorType": kind, "error": problem}
    return Response(to_json(body), status, {}, "application/json")


def instant(service: Service, given: dict[str, str]) -> dict[str, Any]:
    """`data` of an instant query. Raises PromqlError, LedgerError."""
    asked = parse(_needed(given, "query"))
    present = service.clock()
    moment = _moment("time", given["time"], present) if "time" in given else present
    at = moment.timestamp()
    if isinstance(asked, Constant):
        value = [at, shown(asked.value)]
        if not asked.vector:
            return {"resultType": "scalar", "result": value}
        return {"resultType": "vector", "result": [{"metric": {}, "value": value}]}
    if abs(moment - present) <= _NOW:
        found = [(sample.labels, sample.value) for sample in series.now(service, asked)]
    else:
        found = [(labels, row[0][1]) for labels, row in series.over(service, asked, [moment])]
    result = [{"metric": labels, "value": [at, shown(value)]} for labels, value in found]
    return {"resultType": "vector", "result": result}


def ranged(service: Service, given: dict[str, str]) -> dict[str, Any]:
    """`data` of a range query. Raises PromqlError, LedgerError."""
    asked = parse(_needed(given, "query"))
    steps = _steps(given, service.clock())
    stamps = [step.timestamp() for step in steps]
    if isinstance(asked, Constant):
        values = [[at, shown(asked.value)] for at in stamps]
        return {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}
    result = [
        {"metric": labels, "values": [[stamps[index], shown(value)] for index, value in row]}
        for labels, row in series.over(service, asked, steps)
    ]
    return {"resultType": "matrix", "result": result}


def _needed(given: dict[str, str], key: str) -> str:
    if not given.get(key):
        raise PromqlError(f"{key}: missing")
    return given[key]


def _steps(given: dict[str, str], present: dt.datetime) -> list[dt.datetime]:
    start, end = (_moment(key, _needed(given, key), present) for key in ("start", "end"))
    step = _seconds(_needed(given, "step"))
    if end < start:
        raise PromqlError("end: before start")
    points = math.floor((end - start).total_seconds() / step) + 1
    if points > MOST_POINTS:
        raise PromqlError(f"step: {points} points, expected at most {MOST_POINTS}")
    return [start + dt.timedelta(seconds=index * step) for index in range(points)]


def _moment(key: str, text: str, present: dt.datetime) -> dt.datetime:
    """A moment in seconds since 1970 or as RFC 3339, within ten years."""
    try:
        if re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,9})?", text):
            moment = dt.datetime.fromtimestamp(float(text), dt.UTC)
        else:
            moment = dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise PromqlError(f"{key}: {text[:40]!r} is no moment") from None
    if moment.tzinfo is None or abs(moment - present) > _LONGEST:
        raise PromqlError(f"{key}: {text[:40]!r} is not a moment of these ten years, in a zone")
    return moment.astimezone(dt.UTC)


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is not None:
        seconds = float(match[1]) * _UNITS[match[2]]
    else:
        seconds = float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) else 0.0
    if seconds <= 0:
        raise PromqlError(f"step: {text[:40]!r} is no duration, expected one like 15s")
    return seconds


def _parameter(key: str) -> dict[str, Any]:
    return {
        "name": key,
        "in": "query",
        "required": key != "time",
        "schema": {"type": "string"},
        "description": _ABOUT[key],
    }


def _form(keys: tuple[str, ...]) -> dict[str, Any]:
    properties = {key: {"type": "string", "description": _ABOUT[key]} for key in keys}
    needed = [key for key in keys if key != "time"]
    schema = {"type": "object", "properties": properties, "required": needed}
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}


_ABOUT = {
    "query": "`vector(1)`, `1+1`, or a selector with the label digest or name, and policy.",
    "time": "The moment, by default now: seconds since 1970, or RFC 3339.",
    "start": "The first moment: seconds since 1970, or RFC 3339.",
    "end": "The last one.",
    "step": "Between two of them: seconds, or a duration like 15s.",
}
_ANSWER: dict[str, Any] = {
    "description": "As Prometheus answers",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["status", "data"],
                "properties": {
                    "status": {"const": "success"},
                    "data": {
                        "type": "object",
                        "required": ["resultType", "result"],
                        "properties": {
                            "resultType": {"enum": ["scalar", "vector", "matrix"]},
                            "result": {"type": "array"},
                        },
                    },
                },
            }
        }
    },
}
_FAULT: dict[str, Any] = {
    "description": "As Prometheus complains",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["status", "errorType", "error"],
                "properties": {
                    "status": {"const": "error"},
                    "errorType": {"type": "string"},
                    "error": {"type": "string"},
                },
            }
        }
    },
}
