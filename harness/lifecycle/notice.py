"""Whether readiness falls before the socket closes: the notice that a load balancer is given."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.repeating import Repeating

if TYPE_CHECKING:
    from harness.runtime import ReadyPath

_EVERY = 0.02  # seconds between two questions
_ONE_ANSWER = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the ready path, as probes ask it: on a connection of its own."""

    at: float  # time.monotonic() when it was asked
    answered: bool
    why: str  # it is not ready; "" where it is


class Notice(Repeating):
    """Asks the ready path again and again while the block runs, or until nobody answers."""

    def __init__(self, base_url: str, ready: ReadyPath | None) -> None:
        """Without a ready path nothing is asked."""
        self._base_url = base_url
        self._ready = ready
        super().__init__("notice")
        self.asked: list[Asked] = []

    def repeat(self) -> None:
        """One question after the other."""
        while self._ready is not None and not self.over.wait(_EVERY):
            at = time.monotonic()
            said = self._ready.ask(self._base_url, _ONE_ANSWER)
            self.asked.append(Asked(at, said.answered, said.why))


@dataclass(frozen=True, slots=True)
class Given:
    """The notice that was given; times are seconds after the signal."""

    unready_at: float | None  # it was first answered that it is not ready; None: never
    closed_at: float | None  # from then on nobody answered; None: that was not seen

    @property
    def seconds(self) -> float:
        """From the first answer that it is not ready to the first question without an answer."""
        if self.unready_at is None or self.closed_at is None:
            return 0.0
        return max(0.0, self.closed_at - self.unready_at)


def given(asked: list[Asked], signalled: float) -> Given | None:
    """What was seen of it; None where it did not say ready before the signal, or was not asked."""
    before = [one for one in asked if one.at < signalled]
    after = [one for one in asked if one.at >= signalled]
    if not before or before[-1].why or not before[-1].answered:
        return None
    unready = next((one.at - signalled for one in after if one.answered and one.why), None)
    silent = len(after)
    while silent and not after[silent - 1].answered:
        silent -= 1
    closed = after[silent].at - signalled if silent < len(after) else None
    return Given(unready, closed)
