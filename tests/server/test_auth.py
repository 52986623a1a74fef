"""Who is let in: by a bearer token with the scope, at its rate, and nobody else."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable

import httpx
import pytest

from harness.ledger import Ledger
from harness.server.auth import COOKIE
from harness.server.errors import ApiError
from harness.server.service import start
from harness.server.settings import Settings

Serving = Callable[..., httpx.Client]
GATE = "/v1/gate/sha256:" + "1" * 64
RUN = {"digest": "sha256:" + "1" * 64, "policy": "p", "name": "n", "done": 0, "total": 1}


def bearer(secret: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {secret}"}


def test_health_is_open_and_nothing_else(serving: Serving) -> None:
    client = serving(scopes=())
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
    paths = [route for route in client.get("/openapi.json").json()["paths"] if route[:4] == "/v1/"]
    assert paths
    for path in paths:
        refused = client.get(path.replace("{digest}", "x").replace("{id}", "x"))
        assert refused.status_code in (401, 405), path


def test_without_a_token_the_answer_says_what_is_missing(serving: Serving) -> None:
    answer = serving(scopes=()).get(GATE)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "expected one with the scope 'read'" in answer.json()["error"]


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Basic Zm9vOmJhcg==", "Bearer rg_0000000000000000_",
     "Bearer rg_" + "0" * 16 + "_" + "A" * 43, "Bearer " + "x" * 5000, "Bearer ' OR 1=1 --",
     "Bearer \u00e9"],
    ids=lambda header: header[:24].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_what_is_no_token_is_refused(one_pass: httpx.Client, header: str) -> None:
    answer = one_pass.get(GATE, headers={b"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401


def test_a_secret_that_differs_in_one_letter_is_refused(serving: Serving, ledger: Ledger) -> None:
    _, secret = ledger.create_token("a", ["read"])
    client = serving(scopes=())
    assert client.get(GATE, headers=bearer(secret)).status_code == 200
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    assert client.get(GATE, headers=bearer(wrong)).status_code == 401


def test_a_revoked_token_is_refused_from_the_next_request_on(
    serving: Serving, ledger: Ledger
) -> None:
    token, secret = ledger.create_token("a", ["read"])
    client = serving(scopes=())
    assert client.get(GATE, headers=bearer(secret)).status_code == 200
    ledger.revoke_token(token.id)
    assert client.get(GATE, headers=bearer(secret)).status_code == 401


def test_a_remembered_token_ends_at_its_moment(serving: Serving, ledger: Ledger) -> None:
    now = [dt.datetime.now(dt.UTC)]
    ends = now[0] + dt.timedelta(hours=1)
    _, secret = ledger.create_token("a", ["read"], ends)
    client = serving(scopes=(), clock=lambda: now[0])
    assert client.get(GATE, headers=bearer(secret)).status_code == 200
    now[0] = ends
    assert client.get(GATE, headers=bearer(secret)).status_code == 401


def test_a_scope_opens_what_it_names_and_nothing_else(serving: Serving, ledger: Ledger) -> None:
    client = serving(scopes=())
    scopes = ("read", "publish", "announce", "promote", "admin")
    secrets = {scope: ledger.create_token(scope, [scope])[1] for scope in scopes}
    for method, path, body, scope in [
        ("GET", GATE, None, "read"),
        ("GET", "/v1/reports", None, "read"),
        ("POST", "/v1/reports", {}, "publish"),
        ("POST", "/v1/runs", RUN, "announce"),
        ("POST", "/v1/environments/prd", {"digest": RUN["digest"]}, "promote"),
    ]:
        for other, secret in secrets.items():
            answer = client.request(method, path, json=body, headers=bearer(secret))
            let_in = answer.status_code not in (401, 403)
            assert let_in is (other in (scope, "admin")), f"{other}: {method} {path}"


def test_where_reading_is_open_writing_is_not(serving: Serving) -> None:
    client = serving(scopes=(), read="open")
    assert client.get(GATE).status_code == 200
    assert client.post("/v1/runs", json=RUN).status_code == 401


def test_a_wrong_token_is_refused_even_where_reading_is_open(serving: Serving) -> None:
    client = serving(scopes=(), read="open")
    assert client.get(GATE, headers=bearer("rg_wrong")).status_code == 401


def test_a_cookie_lets_somebody_look_and_never_write(serving: Serving, ledger: Ledger) -> None:
    _, secret = ledger.create_token("a", ["admin"])
    client = serving(scopes=())
    client.cookies.set(COOKIE, secret)
    assert client.get(GATE).status_code == 200
    assert client.post("/v1/runs", json=RUN).status_code == 401
    assert client.delete(f"/v1/runs/{RUN['digest']}?policy=p").status_code == 401


def test_who_asks_too_often_is_told_when_to_come_again(serving: Serving, ledger: Ledger) -> None:
    client = serving(scopes=("read",), rates={"read": "3 /min"})
    assert client.get(GATE).status_code == 200
    refused = client.get(GATE)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    _, other = ledger.create_token("b", ["read"])
    assert client.get(GATE, headers=bearer(other)).status_code == 200


def test_guessing_is_slowed_down_for_an_address(serving: Serving) -> None:
    client = serving(scopes=(), rates={"stranger": "1 /min"})
    assert client.get(GATE, headers=bearer("rg_guess")).status_code == 401
    assert client.get(GATE, headers=bearer("rg_another")).status_code == 429


def test_guesses_do_not_push_tokens_out_of_the_memory(ledger: Ledger) -> None:
    service = start(ledger, Settings())
    guess = "/v1/gate/x\0policy=prd"  # nor can one be taken for what else is remembered
    with pytest.raises(ApiError):
        asyncio.run(service.door.check(guess, "read", "10.0.0.1", 0.0))
    assert not service.memory._kept
