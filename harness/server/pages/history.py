"""`/candidates/{name}`: one candidate under one policy, its measurements over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from harness.ledger import Entry, Listed, Page
from harness.server.answering import Standing
from harness.server.errors import ApiError
from harness.server.pages import trends
from harness.server.pages.frame import Site, address
from harness.server.pages.rows import Row, row, rows
from harness.server.service import Service

_REPORTS = 1_000  # of one trend
_LISTED = 25  # of one page of the table


@dataclass(frozen=True, slots=True)
class _Tab:
    policy: str
    standing: Standing
    address: str


def router(service: Service) -> APIRouter:
    """The history of a candidate; its name may hold any character."""
    site = Site(service)
    site.add("/candidates/{name:path}", lambda request: _history(site, request))
    return site.routes


def _history(site: Site, request: Request) -> Response:
    name, asked = request.path_params["name"], request.query_params
    ledger = site.service.ledger
    found = ledger.candidate(name) if name.isprintable() else None  # no database holds a NUL
    if found is None:
        raise ApiError(404, f"the ledger holds no report of a candidate {name[:200]!r}")
    lines = {one: row(site.service, request, entry) for one, entry in found.latest.items()}
    policy = asked.get("policy") or _first(site.service, found)
    if policy not in lines:
        raise ApiError(404, f"{name[:200]!r} has no report under the policy {policy[:200]!r}")
    page = ledger.entries(name=name, policy=policy, after=asked.get("after"), limit=_LISTED)
    latest = lines[policy]
    return site.show(
        request,
        "candidate.jinja",
        name=name,
        policy=policy,
        tabs=[_Tab(one, lines[one].standing, lines[one].address) for one in _order(site, lines)],
        latest=latest.entry,
        standing=latest.standing,
        previous=_before(site.service, latest.entry),
        rows=rows(site.service, request, page.entries),
        next=page.next and address(request, "candidates", name, policy=policy, after=page.next),
        **_trends(site.service, request, name, policy),
    )


def _first(service: Service, found: Listed) -> str:
    """The policy that a reader who names none most likely wants: that of the newest report."""
    return max(found.latest.values(), key=lambda entry: entry.finished_at).policy


def _order(site: Site, lines: Mapping[str, Row]) -> list[str]:
    environments = [one for one in site.service.settings.environments if one in lines]
    return [*environments, *(one for one in lines if one not in environments)]


def _before(service: Service, entry: Entry) -> Entry | None:
    """The report of the same candidate under the same policy that finished before."""
    found: Page[Entry] = service.ledger.entries(
        name=entry.name, policy=entry.policy, until=entry.finished_at, limit=1
    )
    return next(iter(found.entries), None)


def _trends(service: Service, request: Request, name: str, policy: str) -> dict[str, Any]:
    """The plots: those with a limit, and on request those for information, too."""
    samples = service.ledger.series(name, policy, _REPORTS)
    everything = request.query_params.get("all") == "1"
    root = request.scope.get("root_path", "")
    drawn, left_out = trends.draw(samples, root, service.clock(), everything=everything)
    return {
        "trends": drawn,
        "span": trends.span(samples),
        "more": _more(request, name, policy, drawn, left_out, everything=everything),
    }


def _more(
    request: Request,
    name: str,
    policy: str,
    drawn: Sequence[trends.Trend],
    left_out: int,
    *,
    everything: bool,
) -> dict[str, str] | None:
    if everything:
        where = address(request, "candidates", name, policy=policy)
        return {"address": where, "text": "Only measurements with a limit"}
    if not left_out:
        return None
    where = address(request, "candidates", name, policy=policy, all="1")
    return {"address": where, "text": f"And {left_out} without a limit"}
