"""Headers that keep browsers strict are on every answer, and bodies are bounded on every path."""

from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize("path", ["/healthz", "/v1/gate/x", "/nowhere", "/openapi.json"])
def test_every_answer_is_strict_with_browsers(one_pass: httpx.Client, path: str) -> None:
    headers = one_pass.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "cache-control" in headers
    assert "server" not in headers


def test_a_body_beyond_a_mebibyte_is_refused_where_none_is_that_large(
    one_pass: httpx.Client,
) -> None:
    large = b" " * (1024 * 1024 + 1)
    kind = {"Content-Type": "application/json"}
    answer = one_pass.post("/v1/runs", content=large, headers=kind)
    assert answer.status_code == 413
    parts = (large[at : at + 65536] for at in range(0, len(large), 65536))
    answer = one_pass.post("/v1/runs", content=parts, headers=kind)
    assert answer.status_code == 413
    assert one_pass.get("/healthz").status_code == 200
