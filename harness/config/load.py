"""[load] as types: the traffic that will come, and what else is tried under load."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from harness.config.section import Section
from harness.config.words import Duration, Rate


class Stage(Section):
    """One piece of a rate profile."""

    rate: Rate
    """Arrivals during it."""
    lasts: Duration
    """How long it goes on."""


class LoadConfig(Section):
    """The traffic that will come."""

    rate: Rate = "50 /s"
    """Arrivals, which do not wait for answers."""
    arrivals: Literal["poisson", "constant"] = "poisson"
    """Between arrivals: random as of many independent users, or always the same."""
    profile: list[Stage] = []
    """Pieces of different rates, one after the other, in place of one rate."""
    trace: str | None = None
    """Recorded traffic with its own timing: .jsonl or .har."""
    speed: float = Field(default=1.0, gt=0)
    """How many times as fast the trace is replayed."""
    duration: Duration = "30 s"
    """At most, after the warm-up; ends early once every limit is decided."""
    warmup: Duration = "2 s"
    """Left out of what is judged."""
    users: int = Field(default=64, ge=1, le=10_000)
    """Requests in flight at most."""
    seed: int = Field(default=1, ge=0)
    """Seed of the arrivals and of the order of requests."""
    locustfile: str | None = None
    """The user's own."""
    sizes: dict[str, float] = {}
    """Rows of a request -> its share of the requests, like { "1" = 0.9, "16" = 0.1 }."""
    deadline: Duration | None = None
    """Right answers within it are goodput; by default the tightest limit on a latency."""
    abort_after: Duration | None = None
    """From then on a limit that has surely failed ends the run, whatever the others say."""
    soak: Duration | None = None
    """How long the load goes on at least, so that leaks show; they need 6 minutes."""
    capacity: Duration | None = None
    """Time for finding the highest rate that keeps the limits; by default it is not looked for."""
    overload: Duration | None = None
    """How long twice the capacity is sent; by default it is not tried."""
    hosts: list[str] = []
    """Machines beside this one that you are allowed to put under load."""

    @model_validator(mode="after")
    def _one_schedule(self) -> Self:
        if self.profile and self.trace is not None:
            raise ValueError("profile and trace exclude each other")
        if self.trace is not None and self.locustfile is not None:
            raise ValueError(
                "trace and locustfile exclude each other: a trace has its own requests"
            )
        return self
