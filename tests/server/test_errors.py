"""Whatever goes wrong has one form, and tells nothing of the service's inside."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from harness.ledger import Ledger


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/gate/a/b", 404),
        ("GET", "//v1/gate", 404),
        ("POST", "/v1/candidates", 405),
        ("TRACE", "/v1/reports", 405),
        ("GET", "/v1/reports?limit=x", 422),
    ],
)
def test_every_fault_is_an_error_and_a_hint(
    one_pass: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = one_pass.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert set(told) == {"error", "hint"} and told["error"] and "\n" not in told["error"]


def test_who_forgets_to_say_that_it_is_json_is_told_so(one_pass: httpx.Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl -d sends it
    answer = one_pass.post("/v1/environments/prd", content=b'{"digest": "x"}', headers=form)
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["hint"]


def test_an_error_is_short_however_long_what_was_sent(one_pass: httpx.Client) -> None:
    answer = one_pass.post("/v1/environments/prd", json={"x" * 100_000: 1, "digest": "x"})
    assert answer.status_code == 422 and len(answer.content) < 1000


def test_a_wrong_method_is_told_all_that_there_are(one_pass: httpx.Client) -> None:
    assert one_pass.put("/v1/reports").headers["allow"] == "GET, POST"


def test_a_defect_tells_nothing_of_the_inside(
    serving: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object, **named: object) -> None:
        raise RuntimeError("password=hunter2")

    client = serving(("read",))
    monkeypatch.setattr(Ledger, "entries", broken)
    answer = client.get("/v1/reports")
    assert answer.status_code == 500
    assert answer.json() == {
        "error": "a defect of the service",
        "hint": "the service's log says why",
    }
    anew = httpx.get(f"{client.base_url}/metrics", headers=client.headers, trust_env=False)
    assert 'answers_total{status="500"} 1.0' in anew.text
