"""A server's own OpenAPI document as a signature."""

from __future__ import annotations

from harness.contract.signatures import of_server


def test_the_schemas_and_the_path_of_the_operation() -> None:
    body = {"content": {"application/json": {"schema": {"type": "array"}}}}
    document = {"openapi": "3.1.0", "paths": {"/score": {"post": {"requestBody": body}}}}
    found = of_server(document, "GET /openapi.json")
    assert found is not None and found.path == "/score"
    assert found.request["type"] == "array" and found.response is None
