"""Asking the endpoint the contract's own requests, in rotation, and recording each answer."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from harness.load.locustside import layout
from harness.load.locustside.dispenser import Ticket
from harness.load.locustside.http import Broken, Client, Reply, encode
from harness.load.locustside.recorder import Recorder


class _Request(NamedTuple):
    data: bytes
    name: str
    number: int  # of the name
    head: bool


class Corpus:
    """The requests of the contract, ready to be sent; the file is written by the gate."""

    def __init__(self, path: Path, base_url: str, recorder: Recorder, timeout: float) -> None:
        target = urlsplit(base_url)
        self._client = Client(target.hostname or "127.0.0.1", target.port or 80, timeout)
        self._recorder = recorder
        self._turn = 0
        self._requests: list[_Request] = []
        for item in json.loads(path.read_text(encoding="utf-8")):
            name = f"{item['method']} {item['path']}"
            body = base64.b64decode(item["body"])
            data = encode(item["method"], item["path"], target.netloc, item["headers"], body)
            head = item["method"] == "HEAD"
            self._requests.append(_Request(data, name, recorder.name(name), head))

    def ask(self, ticket: Ticket) -> None:
        """Send the next request for a ticket and record what came of it."""
        index = self._turn % len(self._requests)
        self._turn += 1
        request = self._requests[index]
        flags = layout.TICKET | (layout.QUEUED if ticket.queued else 0)
        status, answer = 0, layout.NO_ANSWER
        ticket.sent = sent = time.monotonic()
        try:
            reply = self._client.ask(request.data, request.head)
        except Broken as problem:
            wrong = str(problem)
            service = time.monotonic() - sent
        else:
            service = time.monotonic() - sent
            status, wrong = reply.status, _wrong(reply, request)
            flags |= layout.RETRIED if reply.retried else 0
            if not wrong:
                answer = self._recorder.answer(index, status, reply.headers, reply.body)
        if wrong:
            flags |= layout.FAILED
            self._recorder.failure(request.name, status, wrong)
        ticket.used, ticket.failed = True, bool(wrong)
        self._recorder.add(ticket.planned, sent, service, status, request.number, flags, answer)


def _wrong(reply: Reply, request: _Request) -> str:
    if reply.status != 200:
        return f"status {reply.status}, expected 200"
    return "" if reply.body or request.head else "an empty body"
