"""Probes: a ledger that is away makes the service unready, and does not end it."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from harness.ledger import Ledger, LedgerError


def test_a_ledger_that_goes_away_and_returns_is_found_again(
    serving: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*given: object, **named: object) -> None:
        raise LedgerError("db.internal:5432: connection refused", "is the database running?")

    client = serving(scopes=("read",))
    assert client.get("/readyz").json() == {"status": "ok"}
    with monkeypatch.context() as gone:
        gone.setattr(Ledger, "reading", away)
        unready, refused = client.get("/readyz"), client.get("/v1/reports")
        assert client.get("/healthz").status_code == 200
    for answer in (unready, refused):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "db.internal" not in answer.text  # that is for the log
    assert client.get("/readyz").status_code == client.get("/v1/reports").status_code == 200
