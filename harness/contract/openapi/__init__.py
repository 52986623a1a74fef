"""OpenAPI documents: the operation that predicts, and its schemas as JSON Schema 2020-12.

OpenAPI 3.0 and Swagger 2.0 have a JSON Schema of their own (OpenAPI 3.0.3, "Schema Object"); what
is different there is rewritten. References are replaced by what they point to.
"""

from __future__ import annotations

from harness.contract.openapi.document import DEFAULT_PATHS, Document, is_document
from harness.contract.openapi.operation import Operation, find

__all__ = ["DEFAULT_PATHS", "Document", "Operation", "find", "is_document"]
