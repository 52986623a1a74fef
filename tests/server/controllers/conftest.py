"""A service that has something to say of every digest."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from harness.ledger import Ledger
from tests.server.controllers.digests import stock


@pytest.fixture
def stocked(
    ledger: Ledger, make_report: Callable[..., bytes], serving: Callable[..., httpx.Client]
) -> httpx.Client:
    """A client of it, with a token that may read."""
    stock(ledger, make_report)
    return serving(("read",))
