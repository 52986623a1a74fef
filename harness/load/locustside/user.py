"""The locustfile that is used where the gate names none: the contract's requests, by lanes."""

from __future__ import annotations

import gevent
from locust import User, task


class ContractUser(User):
    """Stands for the lanes: Locust wants a user, and this one only waits."""

    by_lanes = True
    fixed_count = 1

    @task
    def wait_for_the_end(self) -> None:
        """Lanes send the requests."""
        while True:
            gevent.sleep(3600)
