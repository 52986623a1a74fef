"""The canary tells what an abuse has done to the service, and which abuse it was."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from harness import Finding, Severity
from harness.config import Gate
from harness.contract import Case, Claim, Client, Contract
from harness.contract.instruments.canary import Canary
from harness.contract.requests.cases import prepared
from harness.testing import Handler, Reply, serve

ABUSE = Case("malformed JSON", prepared("/p", b"{"), Claim.INVALID)
Make = Callable[..., Gate]


@pytest.fixture
def contract(make_gate: Make) -> Contract:
    return Contract.load(
        make_gate('path = "/p"\nexamples = "e.jsonl"\n', e_jsonl='{"request": ["a"]}')
    )


class Service:
    """Answers with a number; an abuse runs `harm`."""

    def __init__(self, harm: Callable[[Service], None] = lambda service: None) -> None:
        self.harm = harm
        self.replies = [Reply(b"0.5")]

    def __call__(self, method: str, path: str, body: bytes) -> Reply:
        if body == b"{":
            self.harm(self)
            return Reply(b'{"error": "x"}', 400)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def _looked(contract: Contract, service: Handler, *abuses: Case) -> tuple[list[Finding], bool]:
    with serve(service) as fake, Client(fake.base_url) as client:
        canary = Canary.of(contract, client, fake.base_url)
        assert canary is not None
        for abuse in abuses:
            client.send(abuse.prepared)
        return list(canary.look(abuses)), canary.gone


def _fails(*replies: Reply) -> Callable[[Service], None]:
    return lambda service: setattr(service, "replies", list(replies))


def test_a_healthy_service_has_no_finding(contract: Contract) -> None:
    assert _looked(contract, Service(), ABUSE) == ([], False)


def test_a_crash_that_stays_is_found_and_the_service_is_gone(contract: Contract) -> None:
    (found,), gone = _looked(contract, Service(_fails(Reply(b"", 500))), ABUSE)
    assert (found.rule, found.severity, gone) == ("unhealthy", Severity.ERROR, True)
    assert "status 500 to a valid request after malformed JSON; and no better" in found.message


def test_a_crash_that_passes_is_found_too(contract: Contract) -> None:
    (found,), gone = _looked(contract, Service(_fails(Reply(b"", 503), Reply(b"0.5"))), ABUSE)
    assert (found.rule, gone) == ("unhealthy", False)
    assert "it is well again" in found.message


def test_another_answer_is_a_warning_that_names_the_abuse(contract: Contract) -> None:
    (found,), gone = _looked(contract, Service(_fails(Reply(b"0.75"))), ABUSE)
    assert (found.rule, found.severity, gone) == ("poisoned", Severity.WARNING, False)
    assert found.message.endswith("another answer to a valid request after malformed JSON")


def test_both_lines_are_given_to_repeat_it(contract: Contract) -> None:
    (found,), _ = _looked(contract, Service(_fails(Reply(b"0.75"))), ABUSE)
    first, second = found.reproduce.split("; ")
    assert "--data-binary '{'" in first and "--data-binary '[\"a\"]'" in second


def test_of_several_abuses_each_may_be_the_one(contract: Contract) -> None:
    (found,), _ = _looked(contract, Service(_fails(Reply(b"0.75"))), ABUSE, ABUSE, ABUSE)
    assert found.message.endswith("after malformed JSON or one of the 2 before it")


def test_an_answer_that_changes_by_itself_is_not_compared(contract: Contract) -> None:
    numbers = iter(range(100))
    assert _looked(contract, lambda m, p, b: Reply(json.dumps(next(numbers)).encode()), ABUSE) == (
        [],
        False,
    )


def test_a_limit_on_the_rate_is_no_illness(contract: Contract) -> None:
    assert _looked(contract, Service(_fails(Reply(b"{}", 429))), ABUSE)[0] == []


def test_there_is_none_where_nothing_was_served(contract: Contract) -> None:
    with serve(lambda m, p, b: Reply(b"{}", 500)) as fake, Client(fake.base_url) as client:
        assert Canary.of(contract, client, fake.base_url) is None
