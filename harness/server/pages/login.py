"""Logging in with a token, which a cookie then carries, and logging out."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from harness.ledger import LedgerError
from harness.server.auth import COOKIE, address_of
from harness.server.errors import ApiError, away
from harness.server.pages.frame import Site
from harness.server.service import Service

_DAY_S = 12 * 3600  # of work: after that the token is asked for again
_MOST = 4096  # bytes of a form


def router(service: Service) -> APIRouter:
    """`/login` and `/logout`."""
    site = Site(service)

    async def form(request: Request) -> Response:
        return _form(site, request, request.query_params.get("next", ""))

    async def log_in(request: Request) -> Response:
        return await _log_in(site, request)

    async def log_out(request: Request) -> Response:
        if _from_elsewhere(request):
            return site.refuse(request, 403, "the form was sent by another site")
        answer = RedirectResponse(f"{request.scope.get('root_path', '')}/login", 303)
        answer.delete_cookie(
            COOKIE, httponly=True, samesite="strict", secure=_secure(site, request)
        )
        return answer

    site.routes.add_route("/login", form, ["GET"], include_in_schema=False)
    site.routes.add_route("/login", log_in, ["POST"], include_in_schema=False)
    site.routes.add_route("/logout", log_out, ["POST"], include_in_schema=False)
    return site.routes


async def _log_in(site: Site, request: Request) -> Response:
    if _from_elsewhere(request):
        return site.refuse(request, 403, "the form was sent by another site")
    given = await _fields(request)
    token, then = given.get("token", "").strip(), given.get("next", "")
    now = site.service.clock().timestamp()
    try:
        await site.service.door.check(token, "read", address_of(request), now)
    except ApiError as problem:
        return _form(site, request, then, problem)
    except LedgerError as problem:
        return site.refuse(request, 503, away(problem), {"Retry-After": "2"})
    answer = RedirectResponse(_inside(request, then), 303)
    secure = _secure(site, request)
    answer.set_cookie(
        COOKIE, token, max_age=_DAY_S, httponly=True, samesite="strict", secure=secure
    )
    return answer


def _form(site: Site, request: Request, then: str, problem: ApiError | None = None) -> Response:
    said = "" if problem is None else f"{problem.error[:1].upper()}{problem.error[1:]}."
    status = 200 if problem is None else problem.status
    headers = {} if problem is None else problem.headers
    return site.show(request, "login.jinja", status, headers, problem=said, next=then)


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form; none of one that is too large or is no form."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _MOST:
            return {}
    try:
        return dict(parse_qsl(content.decode("utf-8"), max_num_fields=10))
    except (UnicodeDecodeError, ValueError):
        return {}


def _from_elsewhere(request: Request) -> bool:
    """Whether a browser says that a page of another site sent this form.

    The cookie is SameSite=Strict, but a login needs none: without this, somebody could be
    logged in with a token that is not theirs.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _inside(request: Request, then: str) -> str:
    """Where to go after the login: a path of this site, whatever was asked for."""
    root = request.scope.get("root_path", "")
    outside = not then.startswith(f"{root}/") or then.startswith(("//", "/\\"))
    return f"{root}/" if outside or not then.isprintable() else then


def _secure(site: Site, request: Request) -> bool:
    """Whether the cookie may only travel over HTTPS: also behind a proxy that speaks it for us."""
    return request.url.scheme == "https" or str(site.service.settings.url or "").startswith(
        "https:"
    )
