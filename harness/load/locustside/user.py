"""The locustfile that is used where the gate names none: it sends the contract's requests."""

from __future__ import annotations

from locust import User, task

from harness.load.locustside.session import current


class ContractUser(User):
    """Takes ticket after ticket without going through Locust's task loop, which costs time."""

    takes_tickets = True

    @task
    def ask(self) -> None:
        """Until the run ends."""
        session = current()
        corpus = session.corpus
        while True:
            corpus.ask(session.next_ticket(self))
