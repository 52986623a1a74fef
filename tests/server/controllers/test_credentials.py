"""Who may bring a token as a password."""

from __future__ import annotations

import base64
from collections.abc import Callable

import httpx


def basic(text: str) -> str:
    """The header of basic credentials."""
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_a_token_may_be_the_password_of_basic_credentials(
    serving: Callable[..., httpx.Client],
) -> None:
    client = serving(("read",))
    header = client.headers["authorization"]
    token = header.removeprefix("Bearer ")

    def status(given: str) -> int:
        headers = {"authorization": given}
        return client.get("/api/v1/query?query=vector(1)", headers=headers).status_code

    assert status(header) == status(basic(f"flagger:{token}")) == status(basic(f":{token}")) == 200
    for wrong in (basic(token), basic(f"{token}:"), basic("x:y"), "Basic !", "Basic", "", "x"):
        assert status(wrong) == 401, wrong


def test_a_page_s_cookie_opens_no_form_of_another_site(
    serving: Callable[..., httpx.Client],
) -> None:
    client = serving(("read",))
    token = client.headers.pop("authorization").removeprefix("Bearer ")
    cookie = {"cookie": f"releasegate={token}"}
    assert client.get("/metrics", headers=cookie).status_code == 200
    form = {"query": "vector(1)"}
    assert client.post("/api/v1/query", data=form, headers=cookie).status_code == 401
