"""Lines of the pages' tables: a report with what it is worth today, and where it leads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Request

from harness.ledger import Entry
from harness.server.answering import Standing, answer_of, counts
from harness.server.pages.frame import address
from harness.server.service import Service


@dataclass(frozen=True, slots=True)
class Row:
    """One report in a table."""

    entry: Entry
    standing: Standing  # its verdict, or that it has expired, or does not count
    address: str  # of its candidate's history


def standing(service: Service, entry: Entry) -> Standing:
    """What one report is worth today, newer ones left aside: a table lists old ones, too."""
    if not counts(entry, service.settings):
        return Standing.UNKNOWN
    return answer_of(entry, service.settings, service.clock()).verdict


def row(service: Service, request: Request, entry: Entry) -> Row:
    """The line of one report."""
    where = address(request, "candidates", entry.name, policy=entry.policy)
    return Row(entry, standing(service, entry), where)


def rows(service: Service, request: Request, entries: Iterable[Entry]) -> list[Row]:
    """Those of several."""
    return [row(service, request, entry) for entry in entries]
