"""Reports in and out: taken once by content, listed, given back to the byte."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BeforeValidator

from harness.model import Verdict
from harness.report import Report
from harness.report.flat import stamp
from harness.server import documents
from harness.server.errors import ApiError, complaints
from harness.server.intake import ENVELOPE, REPORT, Intake
from harness.server.rendering import answered, document
from harness.server.service import Service

_FOREVER = "private, max-age=31536000, immutable"  # its name is its content
_NEEDED = [name for name, field in Report.model_fields.items() if field.is_required()]
_BODY = {
    "required": True,
    "description": "The schema of a report is what `gate schema report` prints.",
    "content": {
        REPORT: {"schema": {"type": "object", "required": _NEEDED}},
        ENVELOPE: {
            "schema": {"type": "object", "required": ["payload", "payloadType", "signatures"]}
        },
    },
}


def _dated(text: str) -> str:
    """A bare number is no RFC 3339: seconds and milliseconds would be guessed from its size."""
    if "T" not in text.upper():
        raise ValueError("expected a moment like 2026-08-23T10:00:00Z")
    return text


Moment = Annotated[AwareDatetime, BeforeValidator(_dated)]
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[str | None, Query(max_length=400)]
Asked = Annotated[documents.Line | None, Query()]


def router(service: Service) -> APIRouter:
    """The routes of reports and of candidates."""
    routes = APIRouter(tags=["reports"], responses=complaints(401, 403, 422, 429, 503))
    _add_intake(routes, service)
    _add_reports(routes, service)
    _add_candidates(routes, service)
    return routes


def _add_intake(routes: APIRouter, service: Service) -> None:
    intake = Intake(service)

    @routes.post(
        "/v1/reports",
        status_code=201,
        response_class=Response,
        responses={
            200: {"model": documents.Stored, "description": "It was there already"},
            201: {"model": documents.Stored},
            **complaints(400, 413, 415),
        },
        openapi_extra={"requestBody": _BODY},
    )
    async def publish(request: Request) -> Response:
        """Store a report: its bytes with a token, or an envelope that a trusted key signed."""
        return await intake.take(request)


def _add_reports(routes: APIRouter, service: Service) -> None:
    ledger, may_read = service.ledger, Depends(service.require("read"))

    @routes.get("/v1/reports", dependencies=[may_read])
    def reports(
        request: Request,
        name: Asked = None,
        digest: Annotated[str | None, Query(pattern=r"^(sha256:)?[0-9a-f]{64}$")] = None,
        policy: Asked = None,
        verdict: Verdict | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        after: After = None,
        limit: Limit = 50,
    ) -> documents.EntryPage:
        """Reports, the newest first."""
        page = ledger.entries(
            name=name,
            digest=digest and f"sha256:{digest.removeprefix('sha256:')}",
            policy=policy,
            verdict=verdict,
            since=since,
            until=until,
            after=after,
            limit=limit,
        )
        rows = [documents.EntryRow.of(entry) for entry in page.entries]
        return documents.EntryPage(reports=rows, next=page.next)

    @routes.get("/v1/reports/{id}", dependencies=[may_read], responses=complaints(404))
    def report(request: Request, id: str) -> Response:
        """A report, exactly the bytes that were published."""
        body = ledger.body(id) if len(id) == 64 and id.isascii() else None
        if body is None:
            raise ApiError(404, "no report of this id", "an id is the SHA-256 of the bytes")
        return answered(request, body, f'"{id}"', _FOREVER)


def _add_candidates(routes: APIRouter, service: Service) -> None:
    ledger, may_read = service.ledger, Depends(service.require("read"))

    @routes.get("/v1/candidates", dependencies=[may_read])
    def candidates(
        search: Asked = None, after: After = None, limit: Limit = 50
    ) -> documents.CandidatePage:
        """Candidates, each with its newest report under each policy."""
        page = ledger.names(search=search, after=after, limit=limit)
        rows = [
            documents.CandidateRow(
                name=found.name,
                latest={name: documents.EntryRow.of(one) for name, one in found.latest.items()},
            )
            for found in page.entries
        ]
        return documents.CandidatePage(candidates=rows, next=page.next)

    @routes.get(
        "/v1/candidates/{name:path}/history",
        dependencies=[may_read],
        response_class=Response,
        responses={200: {"model": documents.History}},
    )
    def history(
        request: Request,
        name: documents.Line,
        policy: Asked = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    ) -> Response:
        """The measurements of a candidate's newest reports, in the order of time."""
        policy = policy or service.settings.policy
        samples = ledger.series(name, policy, limit)
        rows = [
            {
                "id": sample.id,
                "finished_at": stamp(sample.finished_at),
                "verdict": sample.verdict,
                "digest": sample.digest,
                "metrics": {key: point._asdict() for key, point in sample.points.items()},
            }
            for sample in samples
        ]
        return document(request, {"name": name, "policy": policy, "reports": rows})
