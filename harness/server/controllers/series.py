"""Verdicts and measurements as Prometheus sees them: series of labels, and samples over time.

`releasegate_pass` is 1 for a pass and 0 for any other verdict that there is; `releasegate_<metric>`
is a measurement. Of a digest that is unknown, or whose gate is still running, there is no series:
no controller takes "no data" for a yes. Numbers of an expired report are no evidence any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.ledger import Entry
from harness.server.answering import Answer, Standing, answer_of, counts, sha256_of
from harness.server.controllers.promql import PromqlError, Selector
from harness.server.service import Service
from harness.server.settings import Settings

PREFIX = "releasegate_"
PASS = "releasegate_pass"
LABELS = ("digest", "name", "policy")
_HISTORY = 1000  # reports that a range looks back on
_SERIES = 50  # that one query may have

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series."""

    labels: Labels
    value: float


def value_of(metric: str, answer: Answer) -> float | None:
    """What a metric is for an answer; None: there is no such series."""
    if answer.entry is None:
        return None
    if metric == PASS:
        return float(answer.verdict is Standing.PASS)
    if answer.verdict is Standing.EXPIRED:
        return None
    found = answer.body["metrics"].get(metric.removeprefix(PREFIX))
    return None if found is None else float(found)


def now(service: Service, selector: Selector) -> list[Sample]:
    """The samples of this moment: of one digest one at most. Raises PromqlError, LedgerError."""
    asked = _checked(selector)
    samples = []
    for digest, policy in _subjects(service, asked):
        answer = service.answer(digest, policy)
        value = value_of(selector.metric, answer)
        if value is None or answer.entry is None or not _fits(answer.entry, asked):
            continue
        labels = {**_labels(selector.metric, answer.entry), "digest": asked.get("digest", digest)}
        samples.append(Sample(labels, value))
    return samples


def over(
    service: Service, selector: Selector, steps: list[dt.datetime]
) -> list[tuple[Labels, list[tuple[int, float]]]]:
    """The samples at each of `steps` (ascending), as indices into them and values.

    At each step the newest report of then speaks. Raises PromqlError, LedgerError.
    """
    asked = _checked(selector)
    entries = [e for e in _past(service, asked, steps[-1]) if counts(e, service.settings)]
    found: dict[tuple[str, ...], tuple[Labels, list[tuple[int, float]]]] = {}
    for policy in sorted({entry.policy for entry in entries}):
        of_policy = [entry for entry in entries if entry.policy == policy]
        for index, answer in _answers(of_policy, steps, service.settings):
            value = value_of(selector.metric, answer)
            if value is None:
                continue
            assert answer.entry is not None  # it has a value
            labels = _labels(selector.metric, answer.entry)
            labels["digest"] = asked.get("digest", labels["digest"])
            series = found.setdefault(tuple(labels.values()), (labels, []))
            series[1].append((index, value))
    if len(found) > _SERIES:
        raise PromqlError(f"{len(found)} series, expected at most {_SERIES}: name a digest")
    return list(found.values())


def _checked(selector: Selector) -> Labels:
    if not selector.metric.startswith(PREFIX):
        raise PromqlError(f"no metric {selector.metric[:60]!r} here: they begin with {PREFIX}")
    strange = [name for name in selector.labels if name not in LABELS]
    if strange:
        raise PromqlError(f"no label {strange[0]!r} here, only {', '.join(LABELS)}")
    digest = selector.labels.get("digest")
    if digest is None and "name" not in selector.labels:
        raise PromqlError("which one? expected the label digest, or name")
    if digest is not None and sha256_of(digest) is None:
        raise PromqlError(f"{digest[:80]!r} is no digest, expected sha256:<64 hex>")
    if any(not value.isprintable() or len(value) > 200 for value in selector.labels.values()):
        raise PromqlError("a label with what cannot be shown, or too long")
    return selector.labels


def _subjects(service: Service, asked: Labels) -> Iterator[tuple[str, str]]:
    """Digests and policies that a selector is about."""
    if "digest" in asked:
        yield asked["digest"], asked.get("policy", service.settings.policy)
        return
    found = service.ledger.candidate(asked["name"])
    for policy, entry in found.latest.items() if found is not None else ():
        if asked.get("policy", policy) == policy and entry.digest is not None:
            yield entry.digest, policy


def _past(service: Service, asked: Labels, until: dt.datetime) -> tuple[Entry, ...]:
    """Reports from the oldest on, that finished by then."""
    digest = asked.get("digest")
    policy = asked.get("policy", service.settings.policy if digest is not None else None)
    page = service.ledger.entries(
        name=asked.get("name"),
        digest=sha256_of(digest) if digest is not None else None,
        policy=policy,
        until=until + dt.timedelta(microseconds=1),
        limit=_HISTORY,
    )
    return tuple(reversed([e for e in page.entries if digest is not None or e.digest]))


def _answers(
    entries: list[Entry], steps: list[dt.datetime], settings: Settings
) -> Iterator[tuple[int, Answer]]:
    """For each step that has one, the answer of the last report that had finished."""
    at, known = -1, None
    for index, step in enumerate(steps):
        while at + 1 < len(entries) and entries[at + 1].finished_at <= step:
            at, known = at + 1, None
        if at < 0:
            continue
        if known is None or (known.until is not None and step >= known.until):
            known = answer_of(entries[at], settings, step)
        yield index, known


def _fits(entry: Entry, asked: Labels) -> bool:
    return asked.get("name", entry.name) == entry.name


def _labels(metric: str, entry: Entry) -> dict[str, str]:
    return {
        "__name__": metric,
        "name": entry.name,
        "policy": entry.policy,
        "digest": entry.digest or "",
    }
