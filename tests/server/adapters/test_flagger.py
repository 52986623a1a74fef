"""The webhooks of Flagger, status by status. Their effects: tests/server/controllers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.ledger import Ledger
from tests.server.controllers.digests import DIGESTS, stock

CONFIRM = ("confirm-rollout", "confirm-traffic-increase", "confirm-promotion")
COUNTED = ("pre-rollout", "rollout")
HOOKS = (*CONFIRM, *COUNTED, "post-rollout", "rollback", "event")


@pytest.fixture
def service(
    ledger: Ledger, make_report: Callable[..., bytes], serving: Callable[..., httpx.Client]
) -> httpx.Client:
    """A client that brings its token in the metadata only, as Flagger has to."""
    stock(ledger, make_report)
    client = serving(("read",))
    client.headers["x-token"] = client.headers.pop("authorization").removeprefix("Bearer ")
    return client


def post(service: httpx.Client, hook: str, **metadata: str) -> httpx.Response:
    """One webhook."""
    given = {"token": service.headers["x-token"], "wait": "0 s", **metadata}
    payload = {"name": "fraud", "namespace": "ml", "phase": "Progressing", "checksum": "85d5"}
    return service.post(f"/v1/flagger/{hook}", json=payload | {"metadata": given})


def test_the_status_is_the_verdict_as_each_hook_means_it(service: httpx.Client) -> None:
    for verdict, digest in DIGESTS.items():
        found = {hook: post(service, hook, digest=digest).status_code for hook in HOOKS}
        wanted = dict.fromkeys(CONFIRM, 200 if verdict == "pass" else 403)
        wanted |= dict.fromkeys(COUNTED, 200 if verdict == "pass" else 412)
        wanted |= {"rollback": 200 if verdict == "fail" else 403, "post-rollout": 200, "event": 200}
        assert found == wanted, verdict


def test_an_answer_is_one_line_of_text(service: httpx.Client) -> None:
    for digest in DIGESTS.values():
        for hook in HOOKS:
            answer = post(service, hook, digest=digest)
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
            assert 0 < len(answer.content) < 256 and "\n" not in answer.text
    assert post(service, "rollout", digest=DIGESTS["pass"]).text == "ok"
    kept = post(service, "rollback", digest=DIGESTS["pass"]).text
    assert kept.startswith("only a fail rolls back, and this is pass: ")


def test_a_reason_with_commands_and_breaks_becomes_a_harmless_short_line(
    service: httpx.Client, ledger: Ledger, make_report: Callable[..., bytes]
) -> None:
    digest = "sha256:" + "5a" * 32
    report = json.loads(make_report("fail", digest))
    report["reasons"] = ["\x1b[31m::error::a\r\nHTTP/1.1 200 OK\n" + "ü" * 400]
    ledger.add(json.dumps(report).encode(), publisher="tests")
    answer = post(service, "rollout", digest=digest)
    assert answer.status_code == 412 and len(answer.content) < 256
    assert "\x1b" not in answer.text and "\n" not in answer.text and "::error" not in answer.text


def test_what_is_wrong_with_the_metadata_has_its_own_status(service: httpx.Client) -> None:
    rows: list[tuple[dict[str, str], int]] = [
        ({}, 400),
        ({"digest": "latest"}, 400),
        ({"digest": DIGESTS["pass"], "wait": "soon"}, 400),
        ({"digest": DIGESTS["pass"], "token": "rg_no_no"}, 401),
        ({"digest": DIGESTS["pass"], "token": ""}, 401),
        ({"digest": DIGESTS["pass"], "policy": "prd"}, 412),
        ({"digest": DIGESTS["pass"], "policy": ""}, 412),
        ({"digest": DIGESTS["pass"], "polcy": "prd"}, 400),
    ]
    for metadata, status in rows:
        assert post(service, "rollout", **metadata).status_code == status, metadata


def test_what_is_no_webhook_is_a_bad_request_on_every_hook(
    serving: Callable[..., httpx.Client],
) -> None:
    client = serving(())
    for body in (
        b"",
        b"[]",
        b"{",
        b'{"metadata":{"digest":1}}',
        b'{"metadata":[]}',
        b'{"name":5}',
        b'{"metadata":{},"metadata":{}}',
        b'{"a":NaN}',
        b"[" * 100_000,
        b"\xff\xfe",
    ):
        for hook in ("rollout", "rollback"):
            answer = client.post(f"/v1/flagger/{hook}", content=body)
            assert answer.status_code == 400, body[:40]


def test_a_token_without_the_scope_is_no_yes(
    service: httpx.Client, ledger: Ledger, serving: Callable[..., httpx.Client]
) -> None:
    _, secret = ledger.create_token("writer", ("publish",))
    for hook in HOOKS:
        assert post(service, hook, digest=DIGESTS["pass"], token=secret).status_code == 403


def test_the_policy_of_the_metadata_is_asked(
    service: httpx.Client, ledger: Ledger, make_report: Callable[..., bytes]
) -> None:
    digest = DIGESTS["pass"]
    ledger.add(make_report("fail", digest, policy="prd"), publisher="tests")
    assert post(service, "rollout", digest=digest).status_code == 200
    answer = post(service, "rollout", digest=digest, policy="prd")
    assert answer.status_code == 412
    assert post(service, "rollback", digest=digest, policy="prd").status_code == 200


def test_more_than_a_webhook_can_be_is_refused_unread(service: httpx.Client) -> None:
    assert post(service, "rollout", digest="x" * (64 * 1024)).status_code == 400
    assert post(service, "rollout", digest="x" * (2 * 1024 * 1024)).status_code == 413


def test_the_document_has_every_hook(service: httpx.Client) -> None:
    paths: dict[str, Any] = service.get("/openapi.json").json()["paths"]
    assert {f"/v1/flagger/{hook}" for hook in HOOKS} <= set(paths)
