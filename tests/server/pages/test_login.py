"""A token becomes a cookie that only this site gets; no other site can send the form."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from harness.ledger import Ledger

Serving = Callable[..., httpx.Client]


def token(ledger: Ledger, *scopes: str) -> dict[str, str]:
    """The form with a token of these scopes."""
    return {"token": ledger.create_token("anna", scopes)[1]}


def test_a_token_opens_the_pages_until_the_logout(filled: Ledger, closed: httpx.Client) -> None:
    answer = closed.post("/login", data=token(filled, "read"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "sentiment" in closed.get("/").text
    assert closed.post("/logout").headers["location"] == "/login"
    assert closed.get("/").status_code == 303


def test_the_cookie_is_for_this_site_alone(filled: Ledger, closed: httpx.Client) -> None:
    cookie = closed.post("/login", data=token(filled, "read")).headers["set-cookie"]
    assert cookie.split("; ")[1:] == ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=strict"]


def test_the_cookie_is_secure_where_the_service_is_reached_over_https(
    ledger: Ledger, serving: Serving
) -> None:
    client = serving(scopes=(), url="https://gate.example")
    assert "; Secure" in client.post("/login", data=token(ledger, "read")).headers["set-cookie"]


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ("rg_nobody_secret", 401, "The token is none, revoked or expired"),
        ("", 401, "The token is none"),
        ("x" * 5000, 401, "The token is none"),
        ("schlüssel", 401, "The token is none"),
    ],
)
def test_a_token_that_is_none_is_told_and_sets_nothing(
    closed: httpx.Client, given: str, status: int, said: str
) -> None:
    answer = closed.post("/login", data={"token": given})
    assert (answer.status_code, "set-cookie" in answer.headers) == (status, False)
    assert said in answer.text
    assert not given or f'value="{given}"' not in answer.text


def test_a_token_that_may_not_read_is_refused(filled: Ledger, closed: httpx.Client) -> None:
    answer = closed.post("/login", data=token(filled, "publish"))
    assert (answer.status_code, "This token may not read" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({}, 303),
    ],
)
def test_a_form_of_another_site_neither_logs_in_nor_out(
    filled: Ledger, closed: httpx.Client, headers: dict[str, str], status: int
) -> None:
    answer = closed.post("/login", data=token(filled, "read"), headers=headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (status, status == 303)
    assert closed.post("/logout", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("then", "goes"),
    [
        ("/candidates/a?policy=b", "/candidates/a?policy=b"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_the_login_leads_only_to_this_site(
    filled: Ledger, closed: httpx.Client, then: str, goes: str
) -> None:
    answer = closed.post("/login", data=token(filled, "read") | {"next": then})
    assert answer.headers["location"] == goes


def test_a_revoked_token_ends_the_session(filled: Ledger, closed: httpx.Client) -> None:
    made, secret = filled.create_token("anna", ("read",))
    closed.post("/login", data={"token": secret})
    filled.revoke_token(made.id)
    assert closed.get("/").status_code == 303


def test_the_cookie_lets_nobody_write(filled: Ledger, closed: httpx.Client) -> None:
    closed.post("/login", data=token(filled, "admin"))
    assert closed.post("/v1/reports", json={}).status_code == 401
