"""The one rule by which a digest is answered: adapters and pages ask it, and decide nothing."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.ledger import Entry, Ledger, Running
from harness.report.flat import SCHEMA, one_line, stamp
from harness.server.settings import Settings

_COUNTS = ("total", "passed", "failed", "inconclusive", "error", "skipped", "waived")
_LONGEST = 200  # characters of a policy's name
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class Standing(StrEnum):
    """What is answered of a digest. Only PASS opens the gate."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    RUNNING = "running"  # nothing that holds yet, and a gate is at work
    UNKNOWN = "unknown"
    EXPIRED = "expired"  # a pass that is too old, or whose waiver has run out


@dataclass(frozen=True, slots=True)
class Answer:
    """What a controller is told of one digest under one policy."""

    verdict: Standing
    body: dict[str, Any]  # flat JSON, finite, as GET /v1/gate sends it
    entry: Entry | None  # the report that it stands on; None for unknown, and for running
    until: dt.datetime | None  # when time alone makes it another answer; None: never


def sha256_of(text: str) -> str | None:
    """`sha256:...` of a digest given with or without that prefix; None for anything else."""
    match = _DIGEST.fullmatch(text)
    return f"sha256:{match[1]}" if match else None


def answer_for(
    ledger: Ledger, settings: Settings, digest: str, policy: str, now: dt.datetime
) -> Answer:
    """What holds for `digest` under `policy` at `now`. Raises LedgerError.

    The newest report decides, whatever it says. A pass beyond the settings' age, or beyond the
    last day of a waiver that it needed, is expired; any other verdict does not age. A report
    under a digest of the policy that is not among the pinned ones counts as none. A gate that
    is at work is told only where there is no report, or an expired one.
    """
    known = sha256_of(digest)
    if known is None:
        return _unknown("", policy, f"no digest, expected sha256:<64 hex>: {digest[:80]!r}")
    if len(policy) > _LONGEST or not policy.isprintable():  # nor could a database look for it
        return _unknown(known, "", "no policy has such a name")
    # Asked before the report that ends it, which would else come unseen between the two.
    running = ledger.running(known, policy, now=now)
    entry = ledger.latest(known, policy)
    if entry is None:
        answer = _nothing(ledger, known, policy)
    elif not counts(entry, settings):
        answer = _unknown(known, policy, _unpinned(entry, policy))
    else:
        answer = answer_of(entry, settings, now)
    if running is not None and answer.verdict in (Standing.UNKNOWN, Standing.EXPIRED):
        return _at_work(running)
    return answer


def counts(entry: Entry, settings: Settings) -> bool:
    """Whether a report was judged under what the settings pin its policy to, if they do."""
    pinned = settings.policies.get(entry.policy)
    return pinned is None or entry.policy_digest in pinned.digests


def answer_of(entry: Entry, settings: Settings, now: dt.datetime) -> Answer:
    """The answer of one report at `now`, if no other one speaks for its digest."""
    ends = _ends(entry, settings)
    body = {**json.loads(entry.answer), "policy": entry.policy}
    body["report_url"] = f"{settings.url or ''}/reports/{entry.id}"
    body["expires_at"] = stamp(ends) if ends is not None else None
    if ends is None:
        return Answer(Standing(entry.verdict), body, entry, None)
    if now < ends:
        return Answer(Standing.PASS, body, entry, ends)
    reason = f"the pass of {stamp(entry.finished_at)} held until {stamp(ends)}: run the gate again"
    body |= {"verdict": Standing.EXPIRED, "pass": None, "reason": reason}
    return Answer(Standing.EXPIRED, body, entry, None)


def _ends(entry: Entry, settings: Settings) -> dt.datetime | None:
    """The moment at which a pass has run out; None for any other verdict."""
    if entry.verdict != Standing.PASS:
        return None
    return entry.expires_at(dt.timedelta(seconds=settings.max_age_s))


def _at_work(running: Running) -> Answer:
    reason = f"running, {running.progress}"
    body = _blank(running.digest, running.policy, Standing.RUNNING, reason)
    body |= {"progress": running.progress, "checks": body["checks"] | {"total": running.total}}
    return Answer(Standing.RUNNING, body, None, running.until)


def _nothing(ledger: Ledger, digest: str, policy: str) -> Answer:
    others = ", ".join(ledger.policies(digest)[:5])
    reason = f"no report of this digest under policy {policy[:60]!r}"
    return _unknown(digest, policy, f"{reason}; there is one under {others}" if others else reason)


def _unpinned(entry: Entry, policy: str) -> str:
    return f"judged under {entry.policy_digest[:19]}..., which is not pinned for policy {policy!r}"


def _unknown(digest: str, policy: str, reason: str) -> Answer:
    return Answer(Standing.UNKNOWN, _blank(digest, policy, Standing.UNKNOWN, reason), None, None)


def _blank(digest: str, policy: str, verdict: Standing, reason: str) -> dict[str, Any]:
    """The keys that every answer has, for one that stands on no report."""
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "pass": None,
        "score": 0.0,
        "subject_sha256": digest.removeprefix("sha256:"),
        "policy": policy,
        "reason": one_line(reason),
        "progress": "0/0 checks",
        "checks": dict.fromkeys(_COUNTS, 0),
        "metrics": {},
        "expires_at": None,
    }
