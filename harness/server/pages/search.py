"""`/search`: everything that is known of a digest."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from harness.server.answering import sha256_of
from harness.server.pages.frame import Site, address
from harness.server.pages.rows import rows
from harness.server.service import Service

_LONGEST = 500  # characters: a reference with its digest


def router(service: Service) -> APIRouter:
    """The page of a digest."""
    site = Site(service)
    site.add("/search", lambda request: _search(site, request))
    return site.routes


def _search(site: Site, request: Request) -> Response:
    given = request.query_params.get("digest", "").strip()[:_LONGEST]
    digest = sha256_of(given.rpartition("@")[2].lower())
    if digest is None:
        said = (
            f"{given[:80]!r} is no digest: expected sha256: and 64 hexadecimal digits, "
            "or an image reference that ends in one. A tag may move, so it is never looked up."
        )
        return site.show(request, "search.jinja", 400, problem=said)
    ledger, settings = site.service.ledger, site.service.settings
    page = ledger.entries(digest=digest, after=request.query_params.get("after"))
    if not page.entries and ledger.entry(digest.removeprefix("sha256:")):
        return RedirectResponse(address(request, "reports", digest.removeprefix("sha256:")), 303)
    policies = dict.fromkeys([*settings.environments, *ledger.policies(digest)])
    return site.show(
        request,
        "search.jinja",
        problem="",
        digest=digest,
        answers=[(one, site.service.answer(digest, one)) for one in policies or [settings.policy]],
        held=[one for held in ledger.holders().values() for one in held if one.digest == digest],
        rows=rows(site.service, request, page.entries),
        next=page.next and address(request, "search", digest=digest, after=page.next),
    )
