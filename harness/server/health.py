"""Whether the process lives, and whether it can answer: for probes, which bring no token."""

from __future__ import annotations

from fastapi import APIRouter

from harness.server.documents import Health
from harness.server.errors import complaints
from harness.server.service import Service


def router(service: Service) -> APIRouter:
    """The routes of probes."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def alive() -> Health:
        """The process answers. A ledger that is away is no reason to restart it."""
        return Health(status="ok")

    @routes.get("/readyz", responses=complaints(503))
    def ready() -> Health:
        """The ledger answers, too."""
        service.ledger.names(limit=1)
        return Health(status="ok")

    return routes
