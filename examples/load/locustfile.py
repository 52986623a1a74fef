"""Whoever reads reviews: mostly a short one, now and then a long one."""

from __future__ import annotations

from locust import task

from harness.load import GateUser

LONG = "The staff was kind and the room was clean, but the soup came cold and late. " * 20


class Reader(GateUser):
    """When a task starts is planned by the gate, so that no wait_time is needed."""

    @task(9)
    def short_review(self) -> None:
        """The contract's next request, whose answer has to keep the contract."""
        self.ask()

    @task(1)
    def long_review(self) -> None:
        """A request of one's own; gate.toml has a limit on its name."""
        self.client.post("/predict", json=[LONG], name="long review")
