"""The application: every router behind one shield, and one form of fault."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from harness import __version__
from harness.ledger import Ledger
from harness.server import errors
from harness.server.discovery import routers
from harness.server.service import start
from harness.server.settings import Settings
from harness.server.shield import Shield
from harness.server.shortcut import Shortcut

_ABOUT = "Verdicts of release gates, for controllers and for people."
_OPEN = ("/healthz", "/readyz")
_SIGNED = "/v1/reports"  # where a signature may stand in for a token


class _Described(FastAPI):
    """Says in its document who may ask; the routes themselves take a token without FastAPI."""

    def openapi(self) -> dict[str, Any]:
        """The document of the interface, made once."""
        document = super().openapi()
        scheme = {
            "type": "http",
            "scheme": "bearer",
            "description": "`gate token create` makes one",
        }
        document["components"]["securitySchemes"] = {"token": scheme}
        document["security"] = [{"token": []}]
        for path in _OPEN:
            document["paths"][path]["get"]["security"] = []
        document["paths"][_SIGNED]["post"]["security"] = [{"token": []}, {}]
        return document


def create_app(
    settings: Settings, ledger: Ledger, clock: Callable[[], dt.datetime] | None = None
) -> FastAPI:
    """The ASGI application over an open ledger, which stays the caller's to close.

    `clock` says the moment (aware, UTC), for tests.
    """
    service = start(ledger, settings, clock)
    app = _Described(
        title="Releasegate",
        version=__version__,
        description=_ABOUT,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    larger = {"/v1/reports": settings.max_report_bytes * 3 // 2}  # an envelope has it in base64
    app.add_middleware(Shield, tally=service.tally, larger=larger)
    app.add_middleware(Shortcut, service=service)  # the last one added is the outermost
    errors.install(app)
    for router in routers(service):
        app.include_router(router)
    return app
