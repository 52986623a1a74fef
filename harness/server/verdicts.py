"""GET /v1/gate: the verdict on one digest, for Argo Rollouts, Spinnaker and scripts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from harness.server.answering import Standing
from harness.server.asking import parameters
from harness.server.auth import Caller
from harness.server.documents import GateAnswer
from harness.server.errors import ApiError, complaints
from harness.server.rendering import answered
from harness.server.service import LONGEST_WAIT, Service
from harness.server.shortcut import stays
from harness.units import in_base

_PARAMETERS = ("policy", "wait", "strict")
_POLICY = {
    "name": "policy",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Policy of gate.toml; by default the one of the service's settings.",
}
_WAIT = {
    "name": "wait",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "pattern": r"^\d{1,6}(ms|s)$", "example": "30s"},
    "description": f"Hold the answer while a gate is running, at most {LONGEST_WAIT:.0f} s.",
}
_STRICT = {
    "name": "strict",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "enum": ["0", "1"]},
    "description": "1: 404 in the place of the verdict `unknown`.",
}
_DIGEST = {
    "name": "digest",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "`sha256:...` of the image's configuration or manifest.",
}
_IMAGE = {
    "name": "image",
    "in": "query",
    "required": True,
    "schema": {"type": "string"},
    "description": "`REF@sha256:...`; a reference without a digest is unknown: a tag may move.",
}


def router(service: Service) -> APIRouter:
    """The routes of verdicts. They take the bare request: this is the path that must be fast."""
    routes = APIRouter(tags=["verdicts"])
    admit, clock = service.door.admit, service.clock
    says: dict[str, Any] = {
        "responses": {200: {"model": GateAnswer}, **complaints(400, 401, 403, 404, 429, 503)},
        "response_class": Response,
    }

    @routes.get(
        "/v1/gate/{digest}",
        openapi_extra={"parameters": [_DIGEST, _POLICY, _WAIT, _STRICT]},
        **says,
    )
    async def gate(request: Request) -> Response:
        """The verdict on a digest: 200 whatever it is."""
        caller = await admit(request, "read", clock().timestamp())
        given = parameters(request, *_PARAMETERS)
        return await _verdict(service, request, caller, given, request.path_params["digest"])

    @routes.get("/v1/gate", openapi_extra={"parameters": [_IMAGE, _POLICY, _WAIT, _STRICT]}, **says)
    async def gate_of_image(request: Request) -> Response:
        """The verdict on an image given as `REF@sha256:...`."""
        caller = await admit(request, "read", clock().timestamp())
        given = parameters(request, "image", *_PARAMETERS)
        image = given.get("image")
        if image is None:
            raise ApiError(400, "no image, expected ?image=REF@sha256:...")
        digest = image.rpartition("@")[2] if "@" in image else image
        return await _verdict(service, request, caller, given, digest)

    return routes


async def _verdict(
    service: Service, request: Request, caller: Caller, given: dict[str, str], digest: str
) -> Response:
    strict, hold = _strict(given.get("strict")), _seconds(given.get("wait"))
    told = await service.told(digest, given.get("policy"), hold)
    if strict and told.answer.verdict is Standing.UNKNOWN:
        raise ApiError(404, told.answer.body["reason"], "without strict=1 this is an answer")
    if told.answer.verdict is not Standing.RUNNING:
        stays(request, caller, told.answer.until)
    return answered(request, told.body, told.etag)


def _seconds(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        seconds = in_base(text, "time")
    except ValueError as problem:
        raise ApiError(400, f"wait: {problem}"[:200], "like ?wait=30s") from None
    if seconds < 0:
        raise ApiError(400, "wait: less than nothing", "like ?wait=30s")
    return seconds


def _strict(text: str | None) -> bool:
    if text not in (None, "0", "1"):
        raise ApiError(400, "strict: neither 0 nor 1", "like ?strict=1")
    return text == "1"
