"""An OpenAPI document that the server has of itself: /openapi.json, /docs.json, /swagger.json."""

from __future__ import annotations

from typing import Any

from harness.contract import openapi
from harness.contract.signatures.base import Signature


def claims(document: Any) -> bool:
    """Whether it calls itself one."""
    return openapi.is_document(document)


def read(document: Any, name: str, path: str) -> Signature:
    """The schemas of the operation at `path`, or of the only one that could predict."""
    found = openapi.find(openapi.Document(document, name), path)
    return Signature(
        request=found.request,
        response=found.response,
        path=found.path,
        error_members=found.error_members,
    )
