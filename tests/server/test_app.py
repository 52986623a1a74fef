"""The document of the interface says what the interface does."""

from __future__ import annotations

import httpx


def test_every_operation_says_what_it_refuses(one_pass: httpx.Client) -> None:
    document = one_pass.get("/openapi.json").json()
    assert document["info"]["title"] == "Releasegate"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            told = set(operation["responses"])
            if path.startswith("/v1/"):
                assert {"401", "403", "429", "503"} <= told, f"{method} {path}"
            assert operation.get("summary"), f"{method} {path}"


def test_no_page_loads_scripts_from_elsewhere(one_pass: httpx.Client) -> None:
    assert one_pass.get("/docs").status_code == one_pass.get("/redoc").status_code == 404
