"""`/`: every candidate with its latest verdict in each environment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from harness.ledger import Listed
from harness.server.pages.frame import Site, address
from harness.server.pages.rows import Row, row
from harness.server.service import Service

_COLUMNS = 6  # policies that a table has room for; a candidate's own page has them all


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    reference: str
    address: str
    cells: tuple[Row | None, ...]


def router(service: Service) -> APIRouter:
    """The first page."""
    site = Site(service)
    site.add("/", lambda request: _candidates(site, request))
    return site.routes


def _candidates(site: Site, request: Request) -> Response:
    asked = request.query_params.get("name", "")[:200]
    search = "".join(filter(str.isprintable, asked))  # no database looks for a NUL
    page = site.service.ledger.names(search or None, request.query_params.get("after"))
    policies = _policies(site.service.settings.environments, page.entries)
    return site.show(
        request,
        "candidates.jinja",
        policies=policies,
        rows=[_line(site.service, request, listed, policies) for listed in page.entries],
        search=search,
        next=page.next and address(request, name=search or None, after=page.next),
        address=str(request.base_url).rstrip("/"),
    )


def _policies(environments: Sequence[str], listed: Sequence[Listed]) -> list[str]:
    """Environments in their order, then what else there is, the most frequent first."""
    counts = dict.fromkeys(environments, 0)
    others: dict[str, int] = {}
    for policy in (policy for one in listed for policy in one.latest):
        where = counts if policy in counts else others
        where[policy] = where.get(policy, 0) + 1
    ranked = sorted(others, key=lambda policy: (-others[policy], policy))
    return [*counts, *ranked[: max(0, _COLUMNS - len(counts))]]


def _line(service: Service, request: Request, listed: Listed, policies: Sequence[str]) -> _Line:
    newest = max(listed.latest.values(), key=lambda entry: entry.finished_at)
    found = [listed.latest.get(policy) for policy in policies]
    return _Line(
        listed.name,
        newest.reference,
        address(request, "candidates", listed.name),
        tuple(None if entry is None else row(service, request, entry) for entry in found),
    )
