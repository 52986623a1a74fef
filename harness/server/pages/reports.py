"""`/reports/{id}`: one report in the frame of the site, and `/compare`: two of them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from harness.errors import ReportError
from harness.ledger import Entry, Ledger
from harness.report import Report, compare, page, parse
from harness.server.errors import ApiError
from harness.server.pages.frame import Site, address
from harness.server.pages.rows import standing
from harness.server.service import Service


def router(service: Service) -> APIRouter:
    """The pages of whole reports."""
    site = Site(service)
    site.add("/reports/{id}", lambda request: _report(site, request))
    site.add("/compare", lambda request: _compare(site, request))
    return site.routes


def _report(site: Site, request: Request) -> Response:
    service, ledger = site.service, site.service.ledger
    entry, report = _read(ledger, request.path_params["id"])
    before = ledger.entries(
        name=entry.name, policy=entry.policy, until=entry.finished_at, limit=1
    ).entries
    newest = ledger.latest(entry.digest, entry.policy) if entry.digest else None
    newer = newest if newest is not None and newest.finished_at > entry.finished_at else None
    return site.show(
        request,
        "report.jinja",
        **page.told(report),
        entry=entry,
        standing=standing(service, entry),
        history=address(request, "candidates", entry.name, policy=entry.policy),
        previous=before[0] if before else None,
        newer=newer,
        newer_standing=newer and standing(service, newer),
    )


def _compare(site: Site, request: Request) -> Response:
    """Two reports, or the form that asks for them."""
    a, b = (request.query_params.get(key, "").strip()[:100] for key in ("a", "b"))
    if not a or not b:
        return _ask(site, request, a, b)
    try:
        (one, left), (two, right) = _read(site.service.ledger, a), _read(site.service.ledger, b)
    except ApiError as problem:
        return _ask(site, request, a, b, problem)
    return site.show(
        request,
        "compare.jinja",
        both=compare(left, right),
        sides=(("A", left, one), ("B", right, two)),
    )


def _ask(site: Site, request: Request, a: str, b: str, problem: ApiError | None = None) -> Response:
    status = 200 if problem is None else problem.status
    said = "" if problem is None else f"{problem.error[:1].upper()}{problem.error[1:]}."
    return site.show(request, "compare.jinja", status, both=None, a=a, b=b, problem=said)


def _read(ledger: Ledger, key: str) -> tuple[Entry, Report]:
    """The report with this id. Raises ApiError where there is none."""
    entry, body = ledger.entry(key), ledger.body(key)
    if entry is None or body is None:
        raise ApiError(404, f"the ledger holds no report with the id {key[:64]!r}")
    try:
        return entry, parse(body)
    except ReportError as problem:  # it was stored by a version that took more
        raise ApiError(422, f"this report can no longer be read: {problem}") from None
