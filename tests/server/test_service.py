"""What routers are given: the rule, asked the ledger as seldom as may be."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable

import pytest

from harness.ledger import Ledger
from harness.server.service import start
from harness.server.settings import Settings

DIGEST = "sha256:" + "1" * 64
NOON = dt.datetime(2026, 8, 23, 12, tzinfo=dt.UTC)
Make = Callable[..., bytes]


def test_plain_functions_and_coroutines_are_told_the_same(
    ledger: Ledger, make_report: Make
) -> None:
    ledger.add(make_report("fail"), publisher="ci")
    service = start(ledger, Settings())
    assert service.answer(DIGEST) == asyncio.run(service.ask(DIGEST))
    assert service.answer(DIGEST).verdict == "fail"


def test_a_question_without_a_policy_is_for_the_settings_one(
    ledger: Ledger, make_report: Make
) -> None:
    ledger.add(make_report("pass", policy="prd"), publisher="ci")
    service = start(ledger, Settings(policy="prd"))
    assert service.answer(DIGEST).verdict == "pass"
    assert service.answer(DIGEST, "").verdict == "unknown"  # a variable that somebody left empty
    assert service.answer(DIGEST, "stg").verdict == "unknown"


def test_the_ledger_is_asked_once_while_nothing_changes(
    ledger: Ledger, make_report: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    latest = Ledger.latest

    def counted(self: Ledger, digest: str, policy: str) -> object:
        asked.append(policy)
        return latest(self, digest, policy)

    monkeypatch.setattr(Ledger, "latest", counted)
    service = start(ledger, Settings())
    for _ in range(5):
        assert service.answer(DIGEST).verdict == "unknown"
    assert len(asked) == 1
    ledger.add(make_report("pass"), publisher="ci")
    assert [service.answer(DIGEST).verdict for _ in range(5)] == ["pass"] * 5
    assert len(asked) == 2


def test_what_is_remembered_ends_when_time_alone_makes_it_another_answer(
    ledger: Ledger, make_report: Make
) -> None:
    now = [NOON]
    ledger.add(make_report(finished_at=NOON), publisher="ci", now=NOON)
    ledger.announce("sha256:" + "8" * 64, "policy", "n", 0, 1, "ci", 60, now=NOON)
    service = start(ledger, Settings(max_age="1 h"), lambda: now[0])
    assert service.answer(DIGEST).verdict == "pass"
    assert service.answer("8" * 64).verdict == "running"
    now[0] = NOON + dt.timedelta(hours=1)
    assert service.answer(DIGEST).verdict == "expired"
    assert service.answer("8" * 64).verdict == "unknown"


def test_who_is_held_leaves_room_for_who_asks(ledger: Ledger, make_report: Make) -> None:
    ledger.announce(DIGEST, "policy", "n", 0, 1, "ci", 60)
    service = start(ledger, Settings())

    async def scene() -> tuple[str, bool, str]:
        while not service.turns.locked():  # as if many were held, whose looks take long
            await service.turns.acquire()
        held = asyncio.create_task(service.told(DIGEST, hold=30))
        await asyncio.sleep(0.5)
        asked = await service.ask("8" * 64)
        waits = not held.done()
        ledger.add(make_report("pass"), publisher="ci")
        service.turns.release()
        return asked.verdict, waits, (await held).answer.verdict

    assert asyncio.run(scene()) == ("unknown", True, "pass")
