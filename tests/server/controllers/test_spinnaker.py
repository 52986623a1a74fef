"""Spinnaker's webhook monitor against the service, and its traps."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from harness.ledger import Ledger, LedgerError
from harness.runtime.ports import free_port
from tests.server.controllers import spinnaker
from tests.server.controllers.digests import DIGESTS
from tests.server.controllers.spinnaker import RUNNING, SUCCEEDED, TERMINAL, Stage


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"verdict":"pass"}', SUCCEEDED),
        (b'{"verdict":"Fail"}', TERMINAL),
        (b'{"verdict":"whatever"}', RUNNING),
        (b'{"verdict":100}', SUCCEEDED),
        (b'{"verdict":100.0}', RUNNING),
        (b'{"verdict":null}', TERMINAL),
        (b'{"verdict":["pass"]}', TERMINAL),
        (b"{}", TERMINAL),
    ],
)
def test_the_client_does_with_an_answer_what_orca_does(body: bytes, status: str) -> None:
    assert spinnaker.read(body, Stage(""))[0] == status


def test_progress_has_to_be_text() -> None:
    stage = Stage("", progress_path="progress")
    assert spinnaker.read(b'{"verdict":"running","progress":"2/7"}', stage) == (RUNNING, "2/7")
    assert spinnaker.read(b'{"verdict":"running","progress":2}', stage) == (TERMINAL, "")


def test_every_verdict_ends_a_stage_as_it_should_and_shows_its_progress(
    stocked: httpx.Client,
) -> None:
    wanted = dict.fromkeys(DIGESTS, TERMINAL) | {"pass": SUCCEEDED, "running": RUNNING}
    found = {verdict: spinnaker.monitor(_stage(stocked, d)) for verdict, d in DIGESTS.items()}
    assert {verdict: status for verdict, (status, _) in found.items()} == wanted
    assert found["running"][1] == "2/7 checks"
    assert all(progress for _, progress in found.values())


def test_no_fault_is_a_success(stocked: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    good = _stage(stocked, DIGESTS["pass"])
    assert spinnaker.monitor(Stage(good.url)) == (TERMINAL, "")
    gone = f"http://127.0.0.1:{free_port()}/v1/gate/{DIGESTS['pass']}"
    assert spinnaker.monitor(Stage(gone)) == (TERMINAL, "")

    def away(*_: Any) -> Any:
        raise LedgerError("the database is away")

    monkeypatch.setattr(Ledger, "latest", away)
    assert spinnaker.monitor(_stage(stocked, DIGESTS["fail"])) == (RUNNING, ""), "it asks again"


def _stage(client: httpx.Client, digest: str) -> Stage:
    headers = {"Authorization": client.headers["authorization"]}
    url = f"{client.base_url}/v1/gate/{digest}"
    return Stage(url, progress_path="progress", headers=headers)
