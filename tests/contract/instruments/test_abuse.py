"""Abuses: each is judged, after each the service is looked at, and what was left out is said."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from harness import Severity
from harness.config import Gate
from harness.contract import Claim, Client, Contract, invalid_requests, not_found, wrong_method
from harness.contract.instruments.abuse import _sent
from harness.contract.judging.refusals import judge_invalid
from harness.contract.requests.corpus import Corpus, freeze
from harness.errors import GateError
from harness.testing import Reply, serve

Make = Callable[..., Gate]


@pytest.fixture
def contract(make_gate: Make) -> Contract:
    gate = make_gate(
        'path = "/p"\nrequest = "s.json"\nexamples = "e.jsonl"\n',
        e_jsonl='{"request": ["a"]}',
        s_json='{"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}',
    )
    return Contract.load(gate)


def _is_valid(body: bytes) -> bool:
    return body.startswith(b'["') and body.endswith(b'"]') and body.count(b'"') == 2


def good(method: str, path: str, body: bytes) -> Reply:
    """Refuses what it should."""
    if path != "/p":
        return Reply(b'{"error": "path"}', 404)
    if method != "POST":
        return Reply(b'{"error": "method"}', 405)
    return Reply(b"1.5") if _is_valid(body) else Reply(b'{"error": "body"}', 400)


def test_after_each_abuse_a_valid_request_is_sent(contract: Contract) -> None:
    log: list[bool] = []

    def noted(method: str, path: str, body: bytes) -> Reply:
        log.append(_is_valid(body))
        return good(method, path, body)

    with serve(noted) as fake:
        surveyed = len(contract.survey(fake.base_url).exchanges)
        seen = invalid_requests(contract, fake.base_url)
    assert all(item.severity is not Severity.ERROR for item in seen.findings)
    after = log[surveyed:]
    assert after.count(True) >= seen.count
    assert "FF" not in "".join("TF"[not valid] for valid in after)


def test_the_abuse_that_kills_the_service_is_named(contract: Contract) -> None:
    dead: list[bytes] = []

    def brittle(method: str, path: str, body: bytes) -> Reply:
        if body == b"" and method == "POST" and path == "/p":
            dead.append(body)
        return Reply(b"", 500) if dead else good(method, path, body)

    with serve(brittle) as fake:
        seen = invalid_requests(contract, fake.base_url)
    unhealthy = [item for item in seen.findings if item.rule == "unhealthy"]
    assert "after an empty body" in unhealthy[0].message
    assert seen.count < len(contract.corpus.invalid)


def test_a_path_that_does_not_exist_kills_nothing(contract: Contract) -> None:
    with serve(good) as fake:
        assert not_found(contract, fake.base_url).findings == ()


def test_the_promise_of_405_has_its_section(contract: Contract) -> None:
    def lax(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"1.5") if method == "GET" else good(method, path, body)

    with serve(lax) as fake:
        (found,) = wrong_method(contract, fake.base_url).findings
    assert found.expected == "404 or 405 (by RFC 9110 section 15.5.6)"


def test_a_slow_model_is_asked_less_often(contract: Contract) -> None:
    from harness.contract.instruments.abuse import _every
    from harness.contract.instruments.canary import Canary
    from harness.contract.wire.transport import Client

    with serve(good) as fake, Client(fake.base_url) as client:
        canary = Canary.of(contract, client, fake.base_url)
    assert canary is not None
    assert _every(canary, 60, 60.0) == 1
    canary.seconds = 2.0
    assert _every(canary, 60, 60.0) == 4


def test_a_frozen_corpus_without_a_request_to_refuse_is_no_pass(make_gate: Make) -> None:
    text = 'path = "/p"\nexamples = "e.jsonl"\n'
    line = '{"request": ["a"]}'
    made = Contract.load(make_gate(text, e_jsonl=line)).corpus
    frozen = freeze(Corpus(made.valid, ())).decode()
    contract = Contract.load(make_gate(f'{text}corpus = "c.jsonl"\n', e_jsonl=line, c_jsonl=frozen))
    with serve(good) as fake, pytest.raises(GateError, match="no request that is to be refused"):
        invalid_requests(contract, fake.base_url)


def test_another_model_of_the_protocol_is_an_unknown_path(make_gate: Make) -> None:
    contract = Contract.load(make_gate('protocol = "kserve-v1"\ninputs = [{name="x", shape=[2]}]'))

    def lax(method: str, path: str, body: bytes) -> Reply:
        served = method == "POST" and path.endswith(":predict")
        return Reply(b'{"predictions": [1]}') if served else Reply(b'{"error": "path"}', 404)

    with serve(lax) as fake:
        seen = not_found(contract, fake.base_url)
    assert seen.count == 3
    (found,) = seen.findings
    assert found.severity is Severity.ERROR
    assert "/v1/models/releasegate-no-such-model:predict" in found.message


def test_a_path_that_names_no_model_is_not_asked_for_another(contract: Contract) -> None:
    with serve(good) as fake:
        assert not_found(contract, fake.base_url).count == 2


def _head(conn: socket.socket, data: bytes) -> tuple[bytes, bytes]:
    """The head of the next request, and what came behind it. Raises OSError at the end."""
    while b"\r\n\r\n" not in data:
        more = conn.recv(65536)
        if not more:
            raise ConnectionError
        data += more
    head, _, data = data.partition(b"\r\n\r\n")
    return head, data


def _unread(conn: socket.socket, *, close: bool = False) -> None:
    """HTTP whose refusals of other paths leave the body where it is; one connection."""
    data = b""
    with conn, contextlib.suppress(OSError):
        while True:
            head, data = _head(conn, data)
            line = head.split(b"\r\n")[0]
            length = int((re.search(rb"Content-Length: (\d+)", head) or [0, 0])[1])
            if line == b"POST /p HTTP/1.1":
                while len(data) < length:
                    data += conn.recv(65536)
                status, data = b"200 OK", data[length:]
            elif re.fullmatch(rb"[A-Z]+ /\S* HTTP/1.1", line):
                status = b"404 Not Found"
            else:
                status = b"400 Bad Request"
            body = b"1.5" if status == b"200 OK" else b"{}"
            conn.sendall(b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n" % status)
            conn.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            if close and status != b"200 OK":
                return


@contextlib.contextmanager
def _serve_raw(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    conn, _ = listener.accept()
                    threading.Thread(target=talk, args=(conn,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_refused_body_that_is_left_unread_is_told_once(contract: Contract) -> None:
    with _serve_raw(_unread) as url:
        seen = not_found(contract, url)
        (found,) = [item for item in seen.findings if item.severity is Severity.ERROR]
        assert found.rule == "desync"
        assert "valid request on the connection of POST /releasegate/no-such-path" in found.message
        assert found.expected.endswith("(by RFC 9112 section 9.3)")
        assert found.reproduce.count(" --next ") == 1
        if shutil.which("curl") is not None:
            line = ["bash", "-c", found.reproduce]
            told = subprocess.run(line, capture_output=True, timeout=20, check=False).stdout
            assert b"404 Not Found" in told and b"400 Bad Request" in told and b"200" not in told


def _poisoned(conn: socket.socket, refused: list[int]) -> None:
    """HTTP that reads every body; after a refusal the next answer is wrong, whoever asks."""
    data = b""
    with conn, contextlib.suppress(OSError):
        while True:
            head, data = _head(conn, data)
            length = int((re.search(rb"Content-Length: (\d+)", head) or [0, 0])[1])
            while len(data) < length:
                data += conn.recv(65536)
            data = data[length:]
            served = head.startswith(b"POST /p HTTP/1.1")
            body = (b"9.5" if refused.pop() else b"1.5") if served else b"{}"
            refused.append(head.startswith(b"POST /releasegate"))
            conn.sendall(b"HTTP/1.1 %s\r\n" % (b"200 OK" if served else b"404 Not Found"))
            conn.sendall(b"Content-Type: application/json\r\n")
            conn.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def test_an_answer_that_is_wrong_for_everybody_is_no_matter_of_connections(
    contract: Contract,
) -> None:
    refused = [0]
    with _serve_raw(lambda conn: _poisoned(conn, refused)) as url:
        rules = [item.rule for item in not_found(contract, url).findings]
    assert "desync" not in rules and "poisoned" in rules


def test_who_closes_after_a_refusal_need_not_read(contract: Contract) -> None:
    with _serve_raw(lambda conn: _unread(conn, close=True)) as url:
        assert [item.rule for item in not_found(contract, url).findings] == []
        assert "desync" not in [item.rule for item in wrong_method(contract, url).findings]


def test_a_body_after_the_head_of_head_is_found(contract: Contract) -> None:
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n1.5"

    def talk(conn: socket.socket) -> None:
        with conn, contextlib.suppress(OSError):
            while request := conn.recv(65536):
                conn.sendall(head % (b"200 OK" if request.startswith(b"POST") else b"405 No"))

    with _serve_raw(talk) as url:
        (found,) = wrong_method(contract, url).findings
    assert (found.rule, found.severity) == ("head-body", Severity.ERROR)
    assert "HEAD is answered with a body (status 405)" in found.message


@pytest.mark.parametrize(("status", "found"), [(200, []), (501, []), (500, ["routing"])])
def test_head_may_be_served_or_unknown_but_not_crash(
    contract: Contract, status: int, found: list[str]
) -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"", status) if method == "HEAD" else good(method, path, body)

    with serve(answer) as fake:
        seen = wrong_method(contract, fake.base_url)
    assert (seen.count, [item.rule for item in seen.findings]) == (4, found)


@pytest.mark.parametrize(
    ("expecting", "severities"),
    [
        (b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", []),
        (b"HTTP/1.1 100 Continue\r\n\r\n", [Severity.ERROR]),
    ],
)
def test_a_large_body_that_was_reset_is_offered_once_more(
    contract: Contract, expecting: bytes, severities: list[Severity]
) -> None:
    large = next(case for case in contract.corpus.invalid if len(case.prepared.body) > 1 << 20)

    def talk(conn: socket.socket) -> None:
        with conn, contextlib.suppress(OSError):
            if b"Expect: 100-continue" in conn.recv(65536):
                conn.sendall(expecting)
                conn.settimeout(5)
                if b"100 Continue" in expecting:
                    conn.recv(10)

    with _serve_raw(talk) as url, Client(url) as client:
        exchange = _sent(client, large, url, keep=False)
    found = judge_invalid(contract, exchange)
    assert [item.severity for item in found if item.rule == "no-answer"] == severities


def test_what_answers_to_valid_requests_break_as_well_is_not_told_again(
    make_gate: Make,
) -> None:
    gate = make_gate(
        'path = "/p"\nrequest = "s.json"\nexamples = "e.jsonl"\nresponse = "r.json"\n',
        e_jsonl='{"request": ["a"]}',
        s_json='{"type": "array", "items": {"type": "string"}, "minItems": 1}',
        r_json='{"type": "array"}',
    )
    contract = Contract.load(gate)
    odd = next(case for case in contract.corpus.invalid if case.claim is Claim.ODD)

    def lax(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"1.5") if _is_valid(body) or body == odd.prepared.body else good("", "", b"")

    with serve(lax) as fake:
        rules = [item.rule for item in invalid_requests(contract, fake.base_url).findings]
    assert "response-schema" not in rules
