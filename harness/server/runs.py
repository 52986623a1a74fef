"""Gates at work: they announce themselves, so that controllers wait instead of giving up."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from harness.server.auth import Caller
from harness.server.documents import Announcement, Line
from harness.server.errors import complaints
from harness.server.service import Service
from harness.server.settings import Digest


def router(service: Service) -> APIRouter:
    """The routes of gates that announce themselves."""
    routes = APIRouter(tags=["runs"], responses=complaints(400, 401, 403, 413, 422, 429, 503))
    may_announce = service.require("announce")

    @routes.post("/v1/runs")
    def announce(run: Announcement, caller: Caller = Depends(may_announce)) -> Announcement:
        """Say that a gate is at work on a digest, and how far it is. A verdict outranks it."""
        service.ledger.announce(
            run.digest, run.policy, run.name, run.done, run.total, caller.name, run.ttl_s
        )
        return run

    @routes.delete("/v1/runs/{digest}", status_code=204, dependencies=[Depends(may_announce)])
    def withdraw(digest: Digest, policy: Line) -> Response:
        """Say that it is not any more, whatever became of it."""
        service.ledger.withdraw(digest, policy)
        return Response(status_code=204)

    return routes
