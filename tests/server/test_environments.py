"""Which digest holds which environment: promoted in order, and by a report that passed there."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from harness.ledger import Ledger

DIGEST = "sha256:" + "1" * 64
Make = Callable[..., bytes]


def test_a_digest_passes_through_the_environments_in_their_order(
    serving: Callable[..., httpx.Client], ledger: Ledger, make_report: Make
) -> None:
    client = serving(environments=["sit", "prd"])

    def promote(environment: str) -> httpx.Response:
        return client.post(f"/v1/environments/{environment}", json={"digest": DIGEST})

    assert "no report under the policy 'sit'" in promote("sit").json()["error"]
    sit, _ = ledger.add(make_report("pass", policy="sit"), publisher="ci")
    ledger.add(make_report("pass", policy="prd"), publisher="ci")
    assert "has never held 'sit'" in promote("prd").json()["error"]
    held = promote("sit")
    assert held.status_code == 200
    assert (held.json()["report"], held.json()["by"]) == (sit.id, "tester")
    assert promote("prd").status_code == 200
    told = client.get("/v1/environments").json()
    assert told["order"] == ["sit", "prd"]
    assert {row["environment"]: row["digest"] for row in told["holders"]} == {
        "sit": DIGEST,
        "prd": DIGEST,
    }


def test_a_digest_that_did_not_pass_there_holds_nothing(
    serving: Callable[..., httpx.Client], ledger: Ledger, make_report: Make
) -> None:
    client = serving()
    ledger.add(make_report("pass", policy="sit"), publisher="ci")
    for verdict in ("fail", "inconclusive", "error"):
        ledger.add(make_report(verdict, policy="prd"), publisher="ci")
        refused = client.post("/v1/environments/prd", json={"digest": DIGEST})
        assert refused.status_code == 409
        assert f"did not pass 'prd': {verdict}" in refused.json()["error"]
    assert client.get("/v1/environments/prd").json()["holders"] == []


def test_the_next_digest_takes_the_place_and_the_former_stays_in_the_history(
    serving: Callable[..., httpx.Client], ledger: Ledger, make_report: Make
) -> None:
    client, other = serving(), "sha256:" + "5" * 64
    for digest in (DIGEST, other):
        ledger.add(make_report("pass", digest, policy="prd"), publisher="ci")
        client.post("/v1/environments/prd", json={"digest": digest})
    told = client.get("/v1/environments/prd").json()
    assert [row["digest"] for row in told["holders"]] == [other]
    assert [(row["digest"], row["until"] is None) for row in told["history"]] == [
        (other, True),
        (DIGEST, False),
    ]
