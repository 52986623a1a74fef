"""One digest for everything that the service may say of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from harness.ledger import Ledger

DIGESTS = {
    "pass": "sha256:" + "a1" * 32,
    "fail": "sha256:" + "b2" * 32,
    "inconclusive": "sha256:" + "c3" * 32,
    "error": "sha256:" + "d4" * 32,
    "expired": "sha256:" + "e5" * 32,
    "running": "sha256:" + "f6" * 32,
    "unknown": "sha256:" + "07" * 32,
}


def stock(ledger: Ledger, make_report: Callable[..., bytes]) -> None:
    """Put reports, and a gate that runs, into a ledger."""
    for verdict in ("pass", "fail", "inconclusive", "error"):
        ledger.add(make_report(verdict, DIGESTS[verdict]), publisher="tests")
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=40)
    old = make_report("pass", DIGESTS["expired"], finished_at=long_ago)
    ledger.add(old, publisher="tests")
    running = (DIGESTS["running"], "policy", "sentiment", 2, 7)
    ledger.announce(*running, publisher="tests", ttl_s=60)
