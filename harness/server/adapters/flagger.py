"""Flagger's webhooks: its status codes are the verdict, and a kept body is the reason in an event.

200 is yes. No is 403 where Flagger waits and 412 where it counts a failure: it repeats 429 and 5xx
and drops their bodies, and takes 204 for a failure without a word. `rollback` is turned round: yes
means "roll back".
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import ReportError
from harness.report.flat import one_line
from harness.report.reading import strict
from harness.server.answering import Answer, Standing, sha256_of
from harness.server.auth import address_of, secret_of
from harness.server.errors import ApiError, complaints
from harness.server.service import Service
from harness.units import in_base

HOLD = "8s"  # by default: Flagger gives up on a webhook after ten seconds
_WAIT = r"[0-9]{1,6} ?(ms|s)"
_CONFIRM = ("confirm-rollout", "confirm-traffic-increase", "confirm-promotion")
_COUNTED = ("pre-rollout", "rollout")
_TOLD = ("post-rollout", "event")  # Flagger does nothing about their answers
_KEYS = ("digest", "policy", "token", "wait")  # of the metadata
_LARGEST = 65_536  # bytes of a webhook
_LONGEST = 255  # bytes of a line that a Kubernetes event keeps whole


class Hook(BaseModel):
    """What Flagger posts. Neither image nor digest are in it but as metadata of the hook."""

    model_config = ConfigDict(extra="ignore", strict=True)

    name: str = ""
    namespace: str = ""
    phase: str = ""
    checksum: str = ""
    metadata: Annotated[dict[str, str], Field(max_length=64)] = {}
    """`digest`, and where wanted `policy`, `token` and `wait`; Flagger sends no header."""


def router(service: Service) -> APIRouter:
    """One route for each of Flagger's hooks."""
    routes = APIRouter(tags=["flagger"])
    for hook in (*_CONFIRM, *_COUNTED, *_TOLD, "rollback"):
        _add(routes, service, hook)
    return routes


def _add(routes: APIRouter, service: Service, hook: str) -> None:
    @routes.post(
        f"/v1/flagger/{hook}",
        name=f"flagger {hook}",
        response_class=PlainTextResponse,
        responses=_RESPONSES,
        openapi_extra={"requestBody": _request(hook)},
    )
    async def called(request: Request) -> PlainTextResponse:
        try:
            payload = _read(await request.body())
            secret = payload.metadata.get("token") or secret_of(request)
            now = service.clock().timestamp()
            await service.door.check(secret, "read", address_of(request), now)
            if hook in _TOLD:
                return _line(200, "ok")
            return _said(hook, await _asked(service, hook, payload.metadata))
        except ApiError as problem:
            return _line(problem.status, problem.error, problem.headers)

    called.__doc__ = f"Flagger's hook `{hook}`."


def _read(body: bytes) -> Hook:
    if len(body) > _LARGEST:  # it is read before anybody has shown a token
        raise ApiError(400, f"not a webhook of Flagger: larger than {_LARGEST} bytes")
    try:
        return Hook.model_validate(strict(body))
    except ReportError as problem:
        raise ApiError(400, f"not a webhook of Flagger: {problem}") from None
    except ValidationError as invalid:
        where = ".".join(str(part) for part in invalid.errors()[0]["loc"])
        raise ApiError(400, f"not a webhook of Flagger: {where} is not what it sends") from None


async def _asked(service: Service, hook: str, metadata: dict[str, str]) -> Answer:
    strange = [key for key in metadata if key not in _KEYS]
    if strange:  # a policy that is misspelt must not be answered for the default one
        expected = ", ".join(_KEYS)
        raise ApiError(400, f"metadata.{strange[0][:40]}: unknown, expected some of {expected}")
    digest = sha256_of(metadata.get("digest", ""))
    if digest is None:
        given = "no digest" if "digest" not in metadata else "what is no digest"
        raise ApiError(400, f"metadata.digest: {given}, expected sha256:<64 hex>")
    wait = metadata.get("wait", HOLD)
    if not re.fullmatch(_WAIT, wait):
        raise ApiError(400, f"metadata.wait: {wait[:40]!r}, expected one like 25s")
    hold = in_base(wait, "time") if hook in _COUNTED else 0.0
    return (await service.told(digest, metadata.get("policy"), hold)).answer


def _said(hook: str, answer: Answer) -> PlainTextResponse:
    reason = str(answer.body["reason"]) or str(answer.verdict)
    if hook == "rollback":
        if answer.verdict is Standing.FAIL:
            return _line(200, reason)
        return _line(403, f"only a fail rolls back, and this is {answer.verdict}: {reason}")
    if answer.verdict is Standing.PASS:
        return _line(200, "ok")
    return _line(412 if hook in _COUNTED else 403, reason)


def _line(status: int, text: str, headers: dict[str, str] | None = None) -> PlainTextResponse:
    return PlainTextResponse(one_line(text, _LONGEST), status, headers)


def _request(hook: str) -> dict[str, Any]:
    schema = Hook.model_json_schema()
    if hook not in _TOLD:
        schema["required"] = ["metadata"]
        metadata = schema["properties"]["metadata"]
        metadata["required"] = ["digest"]
        metadata["additionalProperties"] = False
        metadata["properties"] = {
            "digest": {"type": "string", "pattern": r"^(sha256:)?[0-9a-f]{64}$"},
            "policy": {"type": "string"},
            "token": {"type": "string"},
            "wait": {"type": "string", "pattern": f"^{_WAIT}$"},
        }
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _plain(description: str) -> dict[str, Any]:
    content = {"text/plain": {"schema": {"type": "string", "maxLength": _LONGEST}}}
    return {"description": description, "content": content}


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _plain("Yes; to `rollback`: roll back"),
    400: _plain("Not a webhook of Flagger, or one without a digest"),
    401: _plain("No token, or none that holds"),
    403: _plain("No, or a token that may not read; Flagger waits"),
    412: _plain("No; Flagger counts a failure"),
    429: _plain("Too often"),
    **complaints(413, 503),
}
