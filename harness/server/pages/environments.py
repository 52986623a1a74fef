"""`/environments`: what holds which environment, since when, by which report."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from harness.ledger import Held
from harness.server.answering import Standing
from harness.server.pages.frame import Site, address
from harness.server.service import Service

_PAST = 20  # of what held an environment before


@dataclass(frozen=True, slots=True)
class _Holder:
    held: Held
    standing: Standing  # what the gate answers today of what was let in then
    address: str


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    after: str  # the environment that a digest must have held before
    holders: tuple[_Holder, ...]
    past: tuple[Held, ...]


def router(service: Service) -> APIRouter:
    """The page of the environments."""
    site = Site(service)
    site.add("/environments", lambda request: _environments(site, request))
    return site.routes


def _environments(site: Site, request: Request) -> Response:
    order = site.service.settings.environments
    holders = site.service.ledger.holders()
    names = [*order, *(name for name in holders if name not in order)]
    places = [_place(site.service, request, name, holders.get(name, ())) for name in names]
    return site.show(request, "environments.jinja", places=places)


def _place(service: Service, request: Request, name: str, held: tuple[Held, ...]) -> _Place:
    order = service.settings.environments
    before = order[order.index(name) - 1] if name in order[1:] else ""
    past = [one for one in service.ledger.history(name, _PAST + len(held)) if one.until is not None]
    return _Place(
        name,
        before,
        tuple(_holder(service, request, one) for one in held),
        tuple(past[:_PAST]),
    )


def _holder(service: Service, request: Request, held: Held) -> _Holder:
    standing = service.answer(held.digest, held.environment).verdict
    where = address(request, "candidates", held.name, policy=held.environment)
    return _Holder(held, standing, where)
