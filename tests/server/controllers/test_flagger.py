"""Flagger's webhooks and its Prometheus provider, against stubs and against the service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from harness.ledger import Ledger, LedgerError
from harness.runtime.ports import free_port
from tests.server.controllers import flagger
from tests.server.controllers.digests import DIGESTS
from tests.server.controllers.flagger import Webhook

YES = {"confirm-rollout": "start", "pre-rollout": "go", "rollout": "go"}
YES |= {"confirm-traffic-increase": "step", "confirm-promotion": "promote"}
NO = {"confirm-rollout": "wait", "confirm-traffic-increase": "halt", "confirm-promotion": "wait"}
NO |= {"pre-rollout": "count a failure", "rollout": "count a failure"}


@pytest.fixture(scope="module")
def stub() -> Iterator[str]:
    """A server whose answer is the status in the path, with a reason."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = int(self.path.rpartition("/")[2])
            body = b"" if status == 204 else b"the reason"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("status", [200, 201, 202])
def test_the_client_takes_200_to_202_for_yes(stub: str, status: int) -> None:
    found = flagger.call(Webhook("rollout", f"{stub}/{status}", retries=2))
    assert (found.ok, found.calls) == (True, 1)


@pytest.mark.parametrize("status", [203, 206, 400, 403, 404, 409, 412, 422, 425, 501])
def test_the_client_keeps_the_reason_of_a_plain_no(stub: str, status: int) -> None:
    found = flagger.call(Webhook("rollout", f"{stub}/{status}", retries=2))
    assert (found.ok, found.message, found.calls) == (False, "the reason", 1)


def test_the_client_takes_204_for_a_no_without_a_reason(stub: str) -> None:
    found = flagger.call(Webhook("rollout", f"{stub}/204", retries=2))
    assert (found.ok, found.message, found.calls) == (False, "", 1)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_client_repeats_faults_and_loses_the_reason(stub: str, status: int) -> None:
    found = flagger.call(Webhook("rollout", f"{stub}/{status}", retries=2))
    assert (found.ok, found.message) == (False, "giving up after 3 attempt(s)")


def test_every_verdict_has_the_effect_that_it_should_on_every_hook(stocked: httpx.Client) -> None:
    for verdict, digest in DIGESTS.items():
        for hook in YES:
            found = _called(stocked, hook, digest)
            wanted = YES[hook] if verdict == "pass" else NO[hook]
            assert flagger.effect(hook, found.ok) == wanted, (verdict, hook)
            assert found.calls == 1, "a verdict was taken for a fault"
        found = _called(stocked, "rollback", digest)
        wanted = "ROLL BACK" if verdict == "fail" else "nothing"
        assert flagger.effect("rollback", found.ok) == wanted, verdict


def test_the_reason_of_a_no_is_one_short_line(stocked: httpx.Client) -> None:
    for verdict, digest in DIGESTS.items():
        for hook in (*NO, "rollback"):
            message = _called(stocked, hook, digest).message
            assert "\n" not in message and len(message.encode()) < 256
            assert (message == "") == (verdict == ("fail" if hook == "rollback" else "pass"))
    assert "latency_p99" in _called(stocked, "rollout", DIGESTS["fail"]).message
    assert "2/7" in _called(stocked, "confirm-rollout", DIGESTS["running"]).message


def test_no_fault_is_a_yes_on_any_hook(
    stocked: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on rollback either, where a yes would roll a good release back."""
    token = stocked.headers["authorization"].removeprefix("Bearer ")
    gone = f"http://127.0.0.1:{free_port()}"
    for hook in (*YES, "rollback", "post-rollout", "event"):
        good = {"digest": DIGESTS["fail" if hook == "rollback" else "pass"]}
        url = f"{stocked.base_url}/v1/flagger/{hook}"
        assert flagger.call(Webhook(hook, url, {**good, "token": token})).ok
        assert not flagger.call(Webhook(hook, url, good)).ok
        assert not flagger.call(Webhook(hook, url, {**good, "token": "rg_no_no"})).ok
        away = f"{gone}/v1/flagger/{hook}"
        assert not flagger.call(Webhook(hook, away, {**good, "token": token})).ok
    asking = (*YES, "rollback")  # Flagger does nothing about the answers of the others
    whole = DIGESTS["fail"]
    for hook in asking:
        url = f"{stocked.base_url}/v1/flagger/{hook}"
        for wrong in ({}, {"digest": "latest"}, {"digest": whole[:30]}, {"digest": f"{whole} "}):
            assert not flagger.call(Webhook(hook, url, {**wrong, "token": token})).ok

    def no_ledger(*_: Any) -> Any:
        raise LedgerError("the database is away")

    monkeypatch.setattr(Ledger, "latest", no_ledger)
    for hook in asking:
        url = f"{stocked.base_url}/v1/flagger/{hook}"
        given = {"digest": "sha256:" + "88" * 32, "token": token}
        found = flagger.call(Webhook(hook, url, given, retries=1))
        assert (found.ok, found.message) == (False, "giving up after 2 attempt(s)")


def test_a_verdict_that_comes_while_a_hook_is_held_is_its_answer(
    stocked: httpx.Client, ledger: Ledger, make_report: Callable[..., bytes]
) -> None:
    digest = DIGESTS["running"]
    later = threading.Timer(0.3, ledger.add, (make_report("pass", digest),), {"publisher": "t"})
    later.start()
    assert _called(stocked, "pre-rollout", digest, wait="9 s").ok
    later.join()


def test_the_provider_reads_the_verdict_as_a_number(stocked: httpx.Client) -> None:
    address, token = str(stocked.base_url).rstrip("/"), stocked.headers["authorization"][7:]
    assert flagger.online(address, token)
    read: dict[str, bool | str] = {}
    for verdict, digest in DIGESTS.items():
        try:
            value = flagger.query(address, f'releasegate_pass{{digest="{digest}"}}', token)
            read[verdict] = flagger.in_range(value, least=1)
        except ValueError as problem:
            read[verdict] = str(problem)
    absent = {"running": "no values found", "unknown": "no values found"}
    assert read == {**dict.fromkeys(DIGESTS, False), **absent, "pass": True}


def test_the_provider_never_takes_a_fault_for_a_value(
    stocked: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, token = str(stocked.base_url).rstrip("/"), stocked.headers["authorization"][7:]
    passing = f'releasegate_pass{{digest="{DIGESTS["pass"]}"}}'
    for promql, secret in ((passing, ""), (passing, "rg_no_no"), ("up", token), ("1 +", token)):
        with pytest.raises(ValueError, match="error response"):
            flagger.query(address, promql, secret)

    def away(*_: Any) -> Any:
        raise LedgerError("the database is away")

    monkeypatch.setattr(Ledger, "latest", away)
    with pytest.raises(ValueError, match="the ledger does not answer"):
        flagger.query(address, f'releasegate_pass{{digest="sha256:{"77" * 32}"}}', token)


def _called(client: httpx.Client, hook: str, digest: str, wait: str = "0 s") -> flagger.Called:
    token = client.headers["authorization"].removeprefix("Bearer ")
    metadata = {"digest": digest, "token": token, "wait": wait}
    return flagger.call(Webhook(hook, f"{client.base_url}/v1/flagger/{hook}", metadata, retries=2))
