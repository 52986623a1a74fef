"""What every router is given: the ledger, the settings, the clock, and the one rule."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from harness.ledger import Ledger
from harness.server.answering import Answer, Standing, answer_for
from harness.server.auth import Caller, Door
from harness.server.memory import Memory
from harness.server.rendering import etag_of, to_json
from harness.server.settings import Settings

LONGEST_WAIT = 60.0  # seconds that a request may be held
_LOOK = 0.25  # seconds between two looks while one is held
_AT_ONCE = 4
_KEPT = 16_384  # answers and tokens; an answer is about two thousand bytes
_LONGEST_KEY = 300


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and its bytes on the wire."""

    answer: Answer
    body: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Service:
    """One running service. Handlers that are `async def` use `ask`; plain ones use `answer`."""

    ledger: Ledger
    settings: Settings
    clock: Callable[[], dt.datetime]  # aware, UTC
    memory: Memory
    door: Door
    tally: Counter[int]  # answers since the start, by status
    turns: asyncio.Semaphore  # of held requests that look: the other threads are for who asks

    def answer(self, digest: str, policy: str | None = None) -> Answer:
        """What holds for a digest; may wait for the ledger. Raises LedgerError."""
        return self._told(digest, self._policy(policy)).answer

    async def ask(self, digest: str, policy: str | None = None) -> Answer:
        """The same without holding up the event loop."""
        return (await self.told(digest, policy)).answer

    async def told(self, digest: str, policy: str | None = None, hold: float = 0.0) -> Told:
        """The answer with its bytes; held up to `hold` seconds while a gate is running."""
        policy = self._policy(policy)
        ends = time.monotonic() + min(hold, LONGEST_WAIT)
        told = await self._looked(digest, policy)
        while told.answer.verdict is Standing.RUNNING and (left := ends - time.monotonic()) > 0:
            await asyncio.sleep(min(_LOOK, left))
            async with self.turns:
                told = await self._looked(digest, policy)
        return told

    def require(self, scope: str) -> Callable[[Request], Awaitable[Caller]]:
        """A dependency of a route: lets in whoever has this scope, else 401, 403 or 429."""

        async def admitted(request: Request) -> Caller:
            return await self.door.admit(request, scope, self.clock().timestamp())

        return admitted

    async def _looked(self, digest: str, policy: str) -> Told:
        told = self._known(digest, policy, self.clock(), self.memory.state())
        return await run_in_threadpool(self._told, digest, policy) if told is None else told

    def _policy(self, asked: str | None) -> str:
        """The default for who names none; an empty name is one that no policy has."""
        return self.settings.policy if asked is None else asked

    def _known(self, digest: str, policy: str, now: dt.datetime, state: int | None) -> Told | None:
        found: Told | None = self.memory.get((digest, policy), state, now.timestamp())
        return found

    def _told(self, digest: str, policy: str) -> Told:
        now, state = self.clock(), self.memory.state()
        known = self._known(digest, policy, now, state)
        if known is not None:
            return known
        answer = answer_for(self.ledger, self.settings, digest, policy, now)
        body = to_json(answer.body)
        told = Told(answer, body, etag_of(body))
        if len(digest) + len(policy) <= _LONGEST_KEY:
            until = answer.until.timestamp() if answer.until else float("inf")
            self.memory.put((digest, policy), state, until, told)
        return told


def start(
    ledger: Ledger, settings: Settings, clock: Callable[[], dt.datetime] | None = None
) -> Service:
    """A service over an open ledger."""
    memory = Memory(ledger.changes, _KEPT)
    door = Door(ledger, settings, memory)
    return Service(
        ledger, settings, clock or _now, memory, door, Counter(), asyncio.Semaphore(_AT_ONCE)
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
