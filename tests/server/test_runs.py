"""A gate at work says so, says how far it is, and says when it is not any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

DIGEST = "sha256:" + "1" * 64
RUN: dict[str, Any] = {
    "digest": DIGEST, "policy": "prd", "name": "sentiment", "done": 2, "total": 7,
}  # fmt: skip
Serving = Callable[..., httpx.Client]


def test_a_run_is_told_with_its_progress_until_it_is_withdrawn(serving: Serving) -> None:
    client = serving(("announce", "read"))
    assert client.post("/v1/runs", json=RUN).status_code == 200
    told = client.get(f"/v1/gate/{DIGEST}?policy=prd").json()
    assert (told["verdict"], told["progress"]) == ("running", "2/7 checks")
    client.post("/v1/runs", json=RUN | {"done": 3})
    assert client.get(f"/v1/gate/{DIGEST}?policy=prd").json()["progress"] == "3/7 checks"
    for _ in range(2):
        gone = client.delete(f"/v1/runs/{DIGEST}", params={"policy": "prd"})
        assert (gone.status_code, gone.content) == (204, b"")
    assert client.get(f"/v1/gate/{DIGEST}?policy=prd").json()["verdict"] == "unknown"


@pytest.mark.parametrize(
    "wrong",
    [{"digest": "x"}, {"done": -1}, {"done": 8}, {"done": "2"}, {"total": 10**9}, {"ttl_s": 1},
     {"ttl_s": 10**6}, {"policy": ""}, {"name": "a\nb"}, {"name": "x" * 201}, {"other": 1},
     {"name": "\x00"}],
    ids=str,
)  # fmt: skip
def test_a_run_that_cannot_be_is_a_422(one_pass: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = one_pass.post("/v1/runs", json=RUN | wrong)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "hint"}


def test_a_body_that_is_no_json_is_refused(one_pass: httpx.Client) -> None:
    for body in (b"", b"{", b"\xff", b"[" * 100_000, b'{"digest": NaN}'):
        answer = one_pass.post(
            "/v1/runs", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (400, 422), body[:10]
        assert set(answer.json()) == {"error", "hint"}
