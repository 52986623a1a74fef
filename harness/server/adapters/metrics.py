"""/metrics: the service itself, and verdicts on what is newest and on what is in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import chain
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool

from harness import __version__
from harness.ledger import Held
from harness.server.answering import Answer, Standing
from harness.server.controllers.credentials import admit
from harness.server.controllers.series import LABELS, PASS, PREFIX, value_of
from harness.server.errors import complaints
from harness.server.service import Service

MOST = 2000  # verdicts that are told; more would be a scrape of many megabytes
_PAGE = 500
_VERDICT = "releasegate_verdict"
_FINISHED = "releasegate_finished_timestamp_seconds"
_EXPIRES = "releasegate_expires_timestamp_seconds"
_HOLDS = "releasegate_holds"
_HELP = {
    PASS: "Whether the gate is open: for a candidate's newest digest, and for each in use.",
    _VERDICT: "1 for the verdict that holds.",
    _FINISHED: "When the gate of its report ended.",
    _EXPIRES: "When its pass runs out.",
    _HOLDS: "1 for the digest that holds an environment.",
}
_CONTENT: dict[str, Any] = {
    "description": "In the text format of Prometheus, or as OpenMetrics where that is asked for",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}


def router(service: Service) -> APIRouter:
    """The route that Prometheus scrapes; a token may come as bearer or basic credentials."""
    routes = APIRouter(tags=["prometheus"])
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Ledger(service))

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={200: _CONTENT, **complaints(401, 403, 429, 503)},
    )
    async def metrics(request: Request) -> Response:
        """The service itself, and the newest verdicts."""
        await admit(service, request, "read")
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        text = await run_in_threadpool(encode, registry)
        return Response(text, 200, {"Content-Type": kind, "Vary": "Accept"})

    return routes


class _Ledger(Collector):
    """Reads the ledger anew for every scrape."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def describe(self) -> list[Metric]:
        """Nothing ahead of time: registering must not ask the ledger."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Raises LedgerError."""
        yield InfoMetricFamily("releasegate", "The service.", {"version": __version__})
        answered = CounterMetricFamily(
            "releasegate_service_answers", "Answers of this process.", labels=["status"]
        )
        for status, count in sorted(self._service.tally.items()):
            answered.add_metric([str(status)], count)
        yield answered
        yield from self._verdicts()

    def _verdicts(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for text, about in _HELP.items():
            labels = [*LABELS, "verdict"] if text == _VERDICT else LABELS
            families[text] = GaugeMetricFamily(text, about, labels=labels)
        holders = self._held()
        for held in holders:
            families[_HOLDS].add_metric([held.digest, held.name, held.environment], 1.0)
        used = ((held.digest, held.environment) for held in holders)
        told: set[tuple[str, str]] = set()
        left_out = False
        for digest, policy in chain(used, self._newest()):
            answer = self._service.answer(digest, policy)  # another candidate may have the digest
            if answer.entry is None or (digest, policy) in told:
                continue
            left_out = len(told) >= MOST
            if left_out:
                break
            told.add((digest, policy))
            self._add(families, digest, answer)
        yield from families.values()
        yield GaugeMetricFamily(
            "releasegate_service_left_out",
            f"1 where there are more than {MOST} verdicts, so that not all are told.",
            value=float(left_out),
        )

    def _held(self) -> list[Held]:
        """What is in use: of that one wants to know for longer than it is the newest."""
        holders = self._service.ledger.holders()
        return [held for of_one in holders.values() for held in of_one][:MOST]

    def _newest(self) -> Iterator[tuple[str, str]]:
        """Digest and policy of each candidate's newest report under each policy."""
        page = self._service.ledger.names(limit=_PAGE)
        while True:
            for listed in page.entries:
                for entry in listed.latest.values():
                    if entry.digest is not None:
                        yield entry.digest, entry.policy
            if page.next is None:
                return
            page = self._service.ledger.names(after=page.next, limit=_PAGE)

    def _add(self, families: dict[str, GaugeMetricFamily], digest: str, answer: Answer) -> None:
        entry = answer.entry
        assert entry is not None  # there is a verdict
        labels = [digest, entry.name, entry.policy]
        families[PASS].add_metric(labels, float(answer.verdict is Standing.PASS))
        families[_VERDICT].add_metric([*labels, str(answer.verdict)], 1.0)
        families[_FINISHED].add_metric(labels, entry.finished_at.timestamp())
        if answer.body["expires_at"] is not None:
            ends = dt.datetime.fromisoformat(answer.body["expires_at"])
            families[_EXPIRES].add_metric(labels, ends.timestamp())
        for name, value in _measured(answer):
            if name in _HELP or name.startswith("releasegate_service_"):
                continue  # a family of checks that is named like ours
            family = families.setdefault(
                name, GaugeMetricFamily(name, "As the gate measured it.", labels=LABELS)
            )
            family.add_metric(labels, value)


def _measured(answer: Answer) -> Iterator[tuple[str, float]]:
    for key in answer.body["metrics"]:
        value = value_of(PREFIX + key, answer)
        if value is not None:
            yield PREFIX + key, value
