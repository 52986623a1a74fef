"""The frame of every page: who may see it, what it is rendered with, and what says no in it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from harness.ledger import LedgerError, Refused
from harness.report import numbers, page
from harness.server.errors import ApiError, away
from harness.server.pages.words import broken, since
from harness.server.service import Service

if TYPE_CHECKING:
    from jinja2 import Environment

CONTENT = {
    "Referrer-Policy": "same-origin",  # without it a form says that it comes from nowhere
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
TEMPLATES = Path(__file__).resolve().parent / "templates"
_TITLES = {
    400: "That cannot be looked up",
    403: "This token may not read",
    404: "There is no such page",
    429: "Asked too often",
    503: "The ledger does not answer",
}

Build = Callable[[Request], Response]


class Site:
    """Pages of one router; `build` of each may wait for the ledger."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.routes = APIRouter()

    def add(self, path: str, build: Build) -> None:
        """A page at `path` for whoever may read; a stranger is led to the login."""

        async def answer(request: Request) -> Response:
            now = self.service.clock().timestamp()
            try:
                request.state.reader = await self.service.door.admit(request, "read", now)
                return await run_in_threadpool(build, request)
            except ApiError as problem:
                if problem.status == 401:
                    return to_login(request)
                return self.refuse(request, problem.status, problem.error, problem.headers)
            except Refused as problem:
                return self.refuse(request, 400, str(problem))
            except LedgerError as problem:
                return self.refuse(request, 503, away(problem), {"Retry-After": "2"})

        self.routes.add_route(path, answer, ["GET"], include_in_schema=False)

    def show(
        self,
        request: Request,
        template: str,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **told: Any,
    ) -> Response:
        """The page of a template."""
        root = request.scope.get("root_path", "")
        reader = getattr(request.state, "reader", None)
        text = (
            templates()
            .get_template(template)
            .render(
                root=root,
                here=request.url.path.removeprefix(root),
                reader=reader,
                style=sheet()[1],
                sought=request.query_params.get("digest", ""),
                since=functools.partial(since, self.service.clock()),
                moment=numbers.moment,
                quantity=numbers.quantity,
                broken=broken,
                **told,
            )
        )
        content = text.encode("utf-8", "replace")
        return Response(content, status, {**CONTENT, **(headers or {})}, "text/html; charset=utf-8")

    def refuse(
        self, request: Request, status: int, said: str, headers: dict[str, str] | None = None
    ) -> Response:
        """A page that says why there is none."""
        title = _TITLES.get(status, "This cannot be shown")
        return self.show(request, "problem.jinja", status, headers, title=title, said=said)


def to_login(request: Request) -> Response:
    """To the login, and from there back to here."""
    root = request.scope.get("root_path", "")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{root}/login?{urlencode({'next': here})}", 303)


def address(request: Request, *steps: str, **query: str | None) -> str:
    """A path of this site; each step is quoted, a query of None is left out."""
    path = "".join(f"/{quote(step, safe='')}" for step in steps) or "/"
    asked = urlencode({key: value for key, value in query.items() if value is not None})
    root = str(request.scope.get("root_path", ""))
    return root + path + (f"?{asked}" if asked else "")


@functools.cache
def templates() -> Environment:
    """The templates of the site, with those of a report."""
    return page.environment(TEMPLATES)


@functools.cache
def sheet() -> tuple[bytes, str]:
    """The style sheet, and a short name of its content that changes with it."""
    content = (page.style() + (TEMPLATES / "site.css").read_text(encoding="utf-8")).encode()
    return content, hashlib.sha256(content).hexdigest()[:12]
