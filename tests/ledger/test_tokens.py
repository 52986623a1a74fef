"""A token is known by its secret, which is kept nowhere."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from harness.ledger import Ledger, Refused
from harness.ledger.tables import tokens

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(days=1)


def test_a_secret_finds_its_token_and_what_it_may(ledger: Ledger) -> None:
    made, secret = ledger.create_token("ci", ["publish", "read"], now=NOON)
    ledger.create_token("other", ["read"], now=NOON)
    assert ledger.find_token(secret, now=LATER) == made
    assert (made.name, made.scopes) == ("ci", ("read", "publish"))
    assert secret.startswith(f"rg_{made.id}_")


def test_a_secret_is_stored_nowhere(ledger: Ledger) -> None:
    _, secret = ledger.create_token("ci", ["read"], now=NOON)
    with ledger.reading() as connection:
        stored = repr(connection.execute(select(tokens)).all())
    assert secret not in stored and secret.rpartition("_")[2] not in stored


@pytest.mark.parametrize("place", [0, 3, 10, 20, 40, -1])
def test_a_secret_with_another_letter_is_no_secret(sqlite_ledger: Ledger, place: int) -> None:
    _, secret = sqlite_ledger.create_token("ci", ["read"], now=NOON)
    other = "0" if secret[place] != "0" else "1"
    place %= len(secret)
    forged = secret[:place] + other + secret[place + 1 :]
    assert sqlite_ledger.find_token(forged, now=NOON) is None


@pytest.mark.parametrize("secret", ["", "rg_", "Bearer x", "rg_" + "0" * 16 + "_" + "A" * 43, "ä"])
def test_what_is_no_secret_finds_nothing(sqlite_ledger: Ledger, secret: str) -> None:
    assert sqlite_ledger.find_token(secret) is None


def test_an_expired_token_is_none(ledger: Ledger) -> None:
    _, secret = ledger.create_token("ci", ["read"], LATER, now=NOON)
    assert ledger.find_token(secret, now=LATER - dt.timedelta(seconds=1)) is not None
    assert ledger.find_token(secret, now=LATER) is None


def test_a_revoked_token_is_none_and_stays_in_the_list(ledger: Ledger) -> None:
    made, secret = ledger.create_token("ci", ["read"], now=NOON)
    ledger.revoke_token(made.id, now=LATER)
    again = ledger.revoke_token(made.id, now=LATER + dt.timedelta(days=1))
    assert ledger.find_token(secret, now=NOON) is None
    assert again.revoked_at == LATER
    assert ledger.tokens() == (again,)


def test_what_is_not_there_cannot_be_revoked(sqlite_ledger: Ledger) -> None:
    with pytest.raises(Refused, match="none with the id"):
        sqlite_ledger.revoke_token("x")


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "Publish"]])
def test_a_scope_that_does_not_exist_is_refused(sqlite_ledger: Ledger, scopes: list[str]) -> None:
    with pytest.raises(Refused, match="expected some of read, publish"):
        sqlite_ledger.create_token("ci", scopes)


@pytest.mark.parametrize("expires", [NOON, NOON.replace(tzinfo=None)])
def test_a_token_has_to_expire_in_the_future(sqlite_ledger: Ledger, expires: dt.datetime) -> None:
    with pytest.raises(Refused, match="not in the future"):
        sqlite_ledger.create_token("ci", ["read"], expires, now=NOON)
