"""The parameters of a question on a verdict: each of them known, and given once.

Who writes `?polcy=prd`, or leaves a template's variable empty, must not be told of another policy.
"""

from __future__ import annotations

from fastapi import Request

from harness.server.errors import ApiError

_HINT = "misread, it would be answered for another policy"


def parameters(request: Request, *known: str) -> dict[str, str]:
    """The query of a request. Raises ApiError: 400 for a stranger among them, or for a twin."""
    if not request.scope["query_string"]:
        return {}
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            expected = ", ".join(known)
            raise ApiError(400, f"no parameter {name[:40]!r}, expected some of {expected}", _HINT)
        if name in found:
            raise ApiError(400, f"{name}: given twice", _HINT)
        found[name] = value
    return found
