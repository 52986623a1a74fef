"""Valid requests: what one answer alone does not show."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Severity
from harness.config import Gate
from harness.contract import Contract, responses
from harness.testing import Reply, serve

SERVED, REFUSED = Reply(b"1.5"), Reply(b'{"error": "the body is empty"}', 400)


@pytest.fixture
def contract(make_gate: Callable[..., Gate]) -> Contract:
    text = 'path = "/p"\nexamples = "e.jsonl"\nresponse = "r.json"'
    return Contract.load(make_gate(text, e_jsonl='{"request": ["a"]}', r_json="{}"))


def _found(contract: Contract, *replies: Reply) -> list[tuple[str, Severity]]:
    """Of a service that answers the request with a length, and then the same in chunks."""
    assert [case.prepared.chunked for case in contract.corpus.valid] == [False, True]
    left = list(replies)
    with serve(lambda method, path, body: left.pop(0)) as fake:
        seen = responses(contract, fake.base_url)
    return [(item.rule, item.severity) for item in seen.findings]


def test_a_body_that_is_refused_in_chunks_alone_is_an_error(contract: Contract) -> None:
    assert _found(contract, SERVED, REFUSED) == [("chunks", Severity.ERROR)]


def test_a_server_may_want_a_length(contract: Contract) -> None:
    wanted = Reply(b'{"error": "no length"}', 411)
    assert _found(contract, SERVED, wanted) == [("chunks", Severity.WARNING)]


def test_where_the_same_bytes_are_refused_anyhow_chunks_are_not_to_blame(
    contract: Contract,
) -> None:
    assert ("chunks", Severity.ERROR) not in _found(contract, REFUSED, REFUSED)


def test_a_service_that_reads_chunks_has_no_finding(contract: Contract) -> None:
    assert _found(contract, SERVED, SERVED) == []


def test_a_contract_that_promises_nothing_of_answers_is_told(
    make_gate: Callable[..., Gate],
) -> None:
    silent = make_gate('path = "/p"\nexamples = "ex.jsonl"', ex_jsonl='{"request": [1]}')
    with serve(lambda method, path, body: Reply(b"{}")) as fake:
        found = responses(Contract.load(silent), fake.base_url).findings
    assert [(item.rule, item.severity) for item in found] == [("unpromised", Severity.WARNING)]
