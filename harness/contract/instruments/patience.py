"""How long one instrument goes on asking a service that is slow, mute, or talks without end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from harness.contract.wire.transport import Answer, Client, Prepared
from harness.contract.wire.weight import weight

SPELL = 60.0  # seconds of one instrument that sends many requests; the last may take longer
_HELD = 64 * 1024 * 1024  # bytes of memory that the values of kept answers may take
_HANGS = 2  # requests without an answer


_WAITS = 2.0  # seconds for one "too many requests" at most
_WAITED = 10.0  # and for all of them


@dataclass(slots=True)
class Polite:
    """Sends requests, and waits where the service says "too many": a limit of rate is no defect.

    RFC 6585 section 4; without Retry-After it waits twice as long each time.
    """

    client: Client
    left: float = _WAITED

    def send(self, prepared: Prepared) -> Answer:
        """The answer, the first that is no 429 where there is time to wait for one."""
        pause = 0.1
        answer = self.client.send(prepared)
        while answer.error is None and answer.status == 429 and self.left > 0:
            said = answer.header("retry-after") or ""
            wait = min(_WAITS, float(said) if said.isdigit() and len(said) < 9 else pause)
            time.sleep(wait)
            self.left -= max(wait, 0.01)
            pause *= 2
            answer = self.client.send(prepared)
        return answer


@dataclass(slots=True)
class Patience:
    """Ends after some time, some requests without an answer, or some amount of kept answers."""

    seconds: float = SPELL
    keeps: bool = False  # whether the answers stay in memory
    hangs: int = 0
    held: int = 0
    _began: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> str:
        """Why no more is asked, or ""."""
        if self.hangs >= _HANGS:
            return f"{self.hangs} requests had no answer"
        if self.held > _HELD:
            return f"the answers take more than {_HELD >> 20} MiB of memory"
        if time.monotonic() - self._began > self.seconds:
            return f"{self.seconds:.3g} s were up"
        return ""

    def count(self, answer: Answer) -> None:
        """Take one answer into account."""
        self.hangs += answer.error is not None
        self.held += weight(answer.body) if self.keeps else 0
