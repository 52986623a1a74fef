"""What the error check says beside its figure: kinds of failure, and what may have been one."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from harness.load.traffic import Traffic
from harness.model import Finding, Outcome, Severity

_SHOWN = 5
_EXPECTED = "status 200 and an answer that keeps the contract"
_EXPECTED_RECORDED = f"the recorded status, or else {_EXPECTED}"
_REFUSED = 400  # status from which on Locust's own clients count a failure


def failed_requests(traffic: Traffic, outcomes: Collection[Outcome]) -> list[Finding]:
    """The most frequent kinds of failure; `outcomes` are those of the limits in force."""
    failed = Outcome.FAILED in outcomes
    found = [
        Finding(
            "failed-requests",
            f"{failure.count} requests failed: {failure.reason}",
            severity=Severity.WARNING if place or not failed else Severity.ERROR,
            location=failure.name,
            expected=_EXPECTED_RECORDED if traffic.traced else _EXPECTED,
            received=failure.reason,
        )
        for place, failure in enumerate(traffic.failures[:_SHOWN])
    ]
    perhaps = int(np.count_nonzero(traffic.window.perhaps))
    if perhaps:
        undecided = Outcome.INCONCLUSIVE in outcomes and not failed
        found.append(
            Finding(
                "perhaps-failed",
                f"{perhaps} of {len(traffic.window.errors)} requests may have failed: they were "
                "answered only when sent again, as their connection had been closed without an "
                "answer, or nobody looked at their answers, where others were wrong",
                severity=Severity.DOUBT if undecided else Severity.WARNING,
                expected="an answer on a connection that was kept open, or `Connection: close`",
            )
        )
    strays = traffic.phase.strays if traffic.phase else ()
    return [*strays, *found, *_called_right(traffic)]


def _called_right(traffic: Traffic) -> list[Finding]:
    """What only the word of a locustfile makes a right answer."""
    if traffic.traced:
        return []
    window = traffic.window
    bad = np.isfinite(window.response) & (window.status >= _REFUSED)
    if not bad.any():
        return []
    seen = ", ".join(map(str, np.unique(window.status[bad])))
    return [
        Finding(
            "called-right",
            f"{np.count_nonzero(bad)} requests were answered with status {seen} and count as "
            "right, as the locustfile says so",
            severity=Severity.WARNING,
            expected="`success()` for answers that were looked at",
        )
    ]
