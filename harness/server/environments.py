"""Which digest holds which environment, since when, and by which report."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Depends

from harness.ledger import Refused
from harness.report.flat import one_line
from harness.server.auth import Caller
from harness.server.documents import Environment, Environments, HeldRow, Line, Move
from harness.server.errors import ApiError, complaints
from harness.server.service import Service


def router(service: Service) -> APIRouter:
    """The routes of environments. An environment is a policy by another name."""
    routes = APIRouter(tags=["environments"], responses=complaints(401, 403, 422, 429, 503))
    may_read = Depends(service.require("read"))
    may_promote = service.require("promote")
    ledger, settings = service.ledger, service.settings

    @routes.get("/v1/environments", dependencies=[may_read])
    def environments() -> Environments:
        """What holds each environment."""
        holders = [HeldRow.of(held) for some in ledger.holders().values() for held in some]
        return Environments(order=settings.environments, holders=holders)

    @routes.get("/v1/environments/{environment}", dependencies=[may_read])
    def environment(environment: Line) -> Environment:
        """What holds one environment, and what did before."""
        history = [HeldRow.of(one) for one in ledger.history(environment)]
        now = [row for row in history if row.until is None]
        return Environment(environment=environment, holders=now, history=history)

    @routes.post("/v1/environments/{environment}", responses=complaints(400, 409, 413))
    def promote(environment: Line, move: Move, caller: Caller = Depends(may_promote)) -> HeldRow:
        """Let a digest hold an environment; refused unless its newest report there is a pass."""
        pin = settings.policies.get(environment)
        try:
            held = ledger.promote(
                move.digest,
                environment,
                by=caller.name,
                order=settings.environments,
                now=service.clock(),
                max_age=dt.timedelta(seconds=settings.max_age_s),
                pinned=None if pin is None else pin.digests,
            )
        except Refused as problem:
            raise ApiError(409, one_line(problem.what), problem.hint) from None
        return HeldRow.of(held)

    return routes
