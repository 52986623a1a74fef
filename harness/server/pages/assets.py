"""What pages load: one style sheet and one picture, from here and for everybody."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from harness.server.pages.frame import TEMPLATES, sheet
from harness.server.service import Service

_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}  # its address has its digest
_DAY = {"Cache-Control": "public, max-age=86400"}


def router(service: Service) -> APIRouter:
    """The style sheet and the picture of the site; nothing in them is a secret."""
    routes = APIRouter()
    icon = (TEMPLATES / "icon.svg").read_bytes()

    async def style(request: Request) -> Response:
        return Response(sheet()[0], 200, _FOREVER, "text/css; charset=utf-8")

    async def picture(request: Request) -> Response:
        return Response(icon, 200, _DAY, "image/svg+xml")

    routes.add_route("/assets/site.css", style, ["GET"], include_in_schema=False)
    routes.add_route("/assets/icon.svg", picture, ["GET"], include_in_schema=False)
    return routes
