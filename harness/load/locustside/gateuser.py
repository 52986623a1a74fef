"""`GateUser`: the lean, strict client for users' own locustfiles."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Mapping
from typing import Any

from locust import User
from locust.exception import StopTest

from harness.load.locustside.client import Client
from harness.load.locustside.http import Broken, Reply, encode
from harness.load.locustside.session import current


class GateClient(Client):
    """Sends requests for one user and tells Locust of each, as its own clients do."""

    def __init__(self, base_url: str, user: Any, timeout: float) -> None:
        super().__init__(base_url, timeout)
        self._base_url = base_url.rstrip("/")
        self._user = user

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> Reply:
        """Send a request and wait for the whole answer; without one, the reply has status 0.

        No answer, an answer that is not proper HTTP, and a status from 400 on are failures, which
        are recorded and not raised. `name` groups requests whose paths differ.
        """
        sent = dict(headers or {})
        if json is not None:
            body = json_module.dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        began = time.time()
        only_head = method == "HEAD"
        exchange = self.ask(encode(method, path, self.netloc, sent, body), only_head)
        problem: Exception | None = None
        if isinstance(exchange.answer, Broken):
            problem, reply = exchange.answer, Reply(0, {}, b"")
        else:
            head, text = exchange.answer
            reply = Reply(head.status, head.headers, text)
            if head.status >= 400:
                problem = ValueError(f"status {head.status}")
        self._user.environment.events.request.fire(
            request_type=method,
            name=name or path,
            response_time=exchange.service * 1e3,
            response_length=len(reply.body),
            response=reply,
            exception=problem,
            context=self._user.context(),
            start_time=began,
            url=self._base_url + path,
            marks=exchange.marks,
        )
        return reply

    def get(self, path: str, **more: Any) -> Reply:
        """`request` with GET."""
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> Reply:
        """`request` with POST."""
        return self.request("POST", path, **more)

    def put(self, path: str, **more: Any) -> Reply:
        """`request` with PUT."""
        return self.request("PUT", path, **more)

    def delete(self, path: str, **more: Any) -> Reply:
        """`request` with DELETE."""
        return self.request("DELETE", path, **more)

    def head(self, path: str, **more: Any) -> Reply:
        """`request` with HEAD."""
        return self.request("HEAD", path, **more)


class GateUser(User):
    """A Locust user whose `self.client` costs little and takes no wrong framing for an answer.

    Subclass it in a locustfile as you would FastHttpUser. Under the gate, `self.ask()` sends the
    contract's next request, whose answer is held against the contract.
    """

    abstract = True
    timeout = 10.0  # seconds for one whole answer

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        if self.host is None:
            raise StopTest(f"{type(self).__name__} has no host: give it one, or use --host")
        self.client = GateClient(self.host, self, self.timeout)

    def ask(self) -> bool:
        """Send the contract's next request; whether it was answered rightly, by its status.

        Raises RuntimeError where Locust runs without the gate.
        """
        return current().ask_for(self, self.client)
