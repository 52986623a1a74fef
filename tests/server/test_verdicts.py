"""GET /v1/gate, over a real socket: always 200, whatever the verdict is."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from harness.ledger import Ledger

DIGEST = "sha256:" + "1" * 64
OTHER = "sha256:" + "8" * 64
Serving = Callable[..., httpx.Client]
Make = Callable[..., bytes]


def test_a_pass_is_told_flat_and_whole(one_pass: httpx.Client) -> None:
    answer = one_pass.get(f"/v1/gate/{DIGEST}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body["verdict"] == "pass" and body["pass"] is True
    assert body["metrics"] == {"load_latency_p99": 41.5}
    assert body["report_url"] == f"https://gate.example.com/reports/{body['report_sha256']}"
    assert len(answer.content) < 2048


def test_every_verdict_is_a_success_of_the_service(
    serving: Serving, ledger: Ledger, make_report: Make
) -> None:
    client = serving(read="open", scopes=())
    for verdict in ("pass", "fail", "inconclusive", "error"):
        ledger.add(make_report(verdict, policy=verdict), publisher="ci")
        answer = client.get(f"/v1/gate/{DIGEST}?policy={verdict}")
        assert (answer.status_code, answer.json()["verdict"]) == (200, verdict)


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/gate/{OTHER}",
        "/v1/gate/sentiment:1.4.0",
        "/v1/gate/%27%20OR%201=1%20--",
        "/v1/gate/%00%ff",
        f"/v1/gate/{DIGEST}?policy=prd",
        f"/v1/gate/{DIGEST}?policy=%00",
        f"/v1/gate/{DIGEST}?policy=",
        f"/v1/gate/{DIGEST}?policy=%27%3B%20DROP%20TABLE%20reports%3B--",
        "/v1/gate?image=sentiment:1.4.0",
        "/v1/gate?image=sentiment:1.4.0@md5:abc",
        f"/v1/gate?image=sentiment@{OTHER}",
    ],
)
def test_what_nobody_has_reported_on_is_unknown_and_strictly_not_found(
    one_pass: httpx.Client, path: str
) -> None:
    answer = one_pass.get(path)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "unknown")
    strict = one_pass.get(path + ("&" if "?" in path else "?") + "strict=1")
    assert strict.status_code == 404
    assert strict.json()["error"] == answer.json()["reason"]


def test_an_image_is_known_by_the_digest_in_its_reference(one_pass: httpx.Client) -> None:
    answer = one_pass.get("/v1/gate", params={"image": f"registry:5000/a/sentiment:1@{DIGEST}"})
    assert answer.json()["verdict"] == "pass"


@pytest.mark.parametrize(
    "path",
    ["/v1/gate", f"/v1/gate/{DIGEST}?wait=soon", f"/v1/gate/{DIGEST}?wait=-1s",
     f"/v1/gate/{DIGEST}?wait=nan", f"/v1/gate/{DIGEST}?strict=yes",
     f"/v1/gate/{DIGEST}?polcy=prd", f"/v1/gate/{DIGEST}?policy=prd&policy=policy",
     f"/v1/gate?image=a@{DIGEST}&image=b@{OTHER}", f"/v1/gate/{DIGEST}?image=x"],
)  # fmt: skip
def test_a_question_that_cannot_be_read_is_a_400_with_a_hint(
    one_pass: httpx.Client, path: str
) -> None:
    answer = one_pass.get(path)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "hint"}


def test_who_has_the_answer_already_is_told_so_in_a_few_bytes(one_pass: httpx.Client) -> None:
    first = one_pass.get(f"/v1/gate/{DIGEST}")
    assert first.headers["cache-control"] == "private, no-cache"
    again = one_pass.get(f"/v1/gate/{DIGEST}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = one_pass.get(f"/v1/gate/{DIGEST}", headers={"If-None-Match": '"something else"'})
    assert other.status_code == 200


def test_a_newer_failure_is_told_at_once(
    serving: Serving, ledger: Ledger, make_report: Make
) -> None:
    client = serving(scopes=("read",))
    ledger.add(make_report("pass"), publisher="ci")
    assert client.get(f"/v1/gate/{DIGEST}").json()["verdict"] == "pass"
    ledger.add(make_report("fail"), publisher="ci")
    assert client.get(f"/v1/gate/{DIGEST}").json()["verdict"] == "fail"


def test_a_remembered_pass_expires_like_any_other(
    serving: Serving, ledger: Ledger, make_report: Make
) -> None:
    now = [dt.datetime(2026, 8, 23, 12, tzinfo=dt.UTC)]
    ledger.add(make_report(finished_at=now[0]), publisher="ci", now=now[0])
    client = serving(clock=lambda: now[0], max_age="1 h", read="open", scopes=())
    assert client.get(f"/v1/gate/{DIGEST}").json()["verdict"] == "pass"
    now[0] += dt.timedelta(hours=1)
    assert client.get(f"/v1/gate/{DIGEST}").json()["verdict"] == "expired"


def test_the_answer_is_held_until_a_running_gate_has_its_verdict(
    serving: Serving, ledger: Ledger, make_report: Make
) -> None:
    client = serving(scopes=("read",))
    ledger.announce(OTHER, "policy", "sentiment", 2, 7, "ci", 60)
    told: list[str] = []

    def ask() -> None:
        told.append(client.get(f"/v1/gate/{OTHER}?wait=15s").json()["verdict"])

    asking = threading.Thread(target=ask)
    asking.start()
    assert client.get(f"/v1/gate/{OTHER}").json()["progress"] == "2/7 checks"
    time.sleep(0.1)
    assert not told
    ledger.add(make_report("fail", digest=OTHER), publisher="ci")
    asking.join(timeout=15)
    assert told == ["fail"]


def test_a_gate_that_takes_longer_is_told_as_running(serving: Serving, ledger: Ledger) -> None:
    client = serving(scopes=("read",))
    ledger.announce(OTHER, "policy", "sentiment", 2, 7, "ci", 60)
    answer = client.get(f"/v1/gate/{OTHER}?wait=300ms")
    assert (answer.status_code, answer.json()["verdict"]) == (200, "running")


def test_nothing_is_held_for_a_digest_on_which_no_gate_is_at_work(one_pass: httpx.Client) -> None:
    # The one_pass gives up after 20 s: an answer that were held for the asked minute would fail.
    assert one_pass.get(f"/v1/gate/{OTHER}?wait=60s").json()["verdict"] == "unknown"
