"""GET /v1/canary: live traffic of a digest beside what the gate measured of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from harness.ledger import Entry
from harness.model import JudgedMeasurement, Outcome
from harness.report import Report, parse
from harness.report.flat import metric_name, one_line, stamp
from harness.server.answering import Answer, Standing, sha256_of
from harness.server.asking import parameters
from harness.server.controllers.live import Compared, held, plan
from harness.server.controllers.settings import Source
from harness.server.controllers.sources import counts
from harness.server.documents import Line
from harness.server.errors import ApiError, complaints
from harness.server.rendering import to_json
from harness.server.service import Service

SCHEMA = "releasegate.dev/canary/v1"
DIGEST = r"^(sha256:)?[0-9a-f]{64}$"


class Seen(BaseModel):
    """A number with its interval."""

    value: float | None
    unit: str
    low: float | None
    high: float | None
    n: int | None


class Beside(BaseModel):
    """One measurement of live traffic, and the gate's own."""

    outcome: Outcome
    reason: str
    limit: str | None
    """On the share that `live` is."""
    live: Seen | None
    gated: Seen | None
    worse_than_gated: bool | None
    """Whether live traffic is surely worse than what the gate saw; null: not comparable."""


class GateSaid(BaseModel):
    """What the gate says of the digest."""

    verdict: Standing
    reason: str
    report_url: str | None


class CanaryAnswer(BaseModel):
    """What a controller is told of a canary. Flat where it asks: verdict, pass, metrics."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: Annotated[str, Field(alias="schema")]
    verdict: Standing
    opens: Annotated[bool | None, Field(alias="pass")]
    subject_sha256: str
    policy: str
    prometheus: str
    window: str
    reason: str
    gate: GateSaid
    metrics: dict[str, float]
    """Shares in per cent, by the names of the gate's metrics; those that could be counted."""
    measurements: dict[str, Beside]
    evaluated_at: str


def router(service: Service) -> APIRouter:
    """The route of canaries."""
    routes = APIRouter(tags=["canary"])

    @routes.get(
        "/v1/canary/{digest}",
        dependencies=[Depends(service.require("read"))],
        response_class=Response,
        responses={200: {"model": CanaryAnswer}, **complaints(400, 401, 403, 404, 422, 429, 503)},
    )
    async def canary(
        request: Request,
        digest: Annotated[str, Path(pattern=DIGEST)],
        prometheus: Annotated[str, Query(max_length=200)],
        policy: Line | None = None,
    ) -> Response:
        """200 whatever the verdict: the gate's own, and that of live traffic."""
        parameters(request, "prometheus", "policy")
        source = _source(service, prometheus)
        answer = await service.ask(digest, policy)
        compared = await _compared(service, source, digest, answer)
        body = _body(service, digest, prometheus, source, answer, compared)
        return Response(to_json(body), 200, {}, "application/json")

    return routes


def _source(service: Service, name: str) -> Source:
    sources = service.settings.canary.sources
    if name not in sources:
        known = ", ".join(sorted(sources)) or "none"
        hint = f"server.toml: [canary.sources.NAME]; known: {known}"
        raise ApiError(404, f"no source {name[:60]!r}", hint)
    return sources[name]


async def _compared(
    service: Service, source: Source, digest: str, answer: Answer
) -> list[Compared]:
    """Live counts held against the limits of the report; nothing where there is no report."""
    if answer.entry is None:
        return []
    report = await run_in_threadpool(_report, service, answer.entry)
    whole = sha256_of(digest) or digest
    subject = {"digest": whole, "hex": whole[7:], "name": report.subject.name}
    planned = plan(report, source, subject)
    found = await counts(source, [query for item in planned for query in (item.count, item.of)])
    pairs = zip(planned, found[::2], found[1::2], strict=True)
    confidence = report.policy.confidence
    return [held(item, count, of, confidence) for item, count, of in pairs]


def _report(service: Service, entry: Entry) -> Report:
    body = service.ledger.body(entry.id)
    if body is None:
        raise ApiError(404, "the report was pruned in between", "ask again")
    return parse(body)


def decided(gate: Standing, compared: list[Compared]) -> Standing:
    """The verdict on a canary: it passes where the gate and all of live traffic do.

    Live traffic that fails is a fail whatever the gate said; else what the gate did not open
    stays shut.
    """
    outcomes = {item.outcome for item in compared}
    if Outcome.FAILED in outcomes:
        return Standing.FAIL
    if gate is not Standing.PASS:
        return gate
    if Outcome.ERRORED in outcomes:
        return Standing.ERROR
    return Standing.PASS if outcomes == {Outcome.PASSED} else Standing.INCONCLUSIVE


def _body(
    service: Service,
    digest: str,
    name: str,
    source: Source,
    answer: Answer,
    compared: list[Compared],
) -> dict[str, Any]:
    verdict = decided(answer.verdict, compared)
    rows = {metric_name(*item.planned.name.split(".", 1)): item for item in compared}
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "pass": {Standing.PASS: True, Standing.FAIL: False}.get(verdict),
        "subject_sha256": (sha256_of(digest) or "").removeprefix("sha256:"),
        "policy": answer.body["policy"],
        "prometheus": name,
        "window": source.window,
        "reason": one_line(_reason(verdict, answer, compared)),
        "gate": {
            "verdict": answer.verdict,
            "reason": answer.body["reason"],
            "report_url": answer.body.get("report_url"),
        },
        "metrics": {
            key: item.live.value
            for key, item in rows.items()
            if item.live is not None and item.live.value is not None
        },
        "measurements": {key: _beside(item) for key, item in rows.items()},
        "evaluated_at": stamp(service.clock()),
    }


_WORD = {
    Standing.FAIL: Outcome.FAILED,
    Standing.ERROR: Outcome.ERRORED,
    Standing.INCONCLUSIVE: Outcome.INCONCLUSIVE,
}


def _reason(verdict: Standing, answer: Answer, compared: list[Compared]) -> str:
    """Why; the name stands in the reason of what was judged, and before that of what was not."""
    for item in compared:
        if item.outcome is _WORD.get(verdict):
            lead = "live" if item.live is not None else f"live {item.planned.name}:"
            return f"{lead} {item.reason}"
    if verdict is Standing.PASS:
        return f"the gate and {len(compared)} measurements of live traffic pass"
    return f"the gate: {answer.body['reason']}"


def _beside(item: Compared) -> dict[str, Any]:
    limit = item.planned.limit
    return {
        "outcome": item.outcome,
        "reason": one_line(item.reason),
        "limit": None if limit is None else limit.text,
        "live": _seen(item.live),
        "gated": _seen(item.planned.gated),
        "worse_than_gated": item.worse,
    }


def _seen(row: JudgedMeasurement | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"value": row.value, "unit": row.unit, "low": row.low, "high": row.high, "n": row.n}
