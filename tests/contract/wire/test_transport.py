"""One exchange: bounded, unforgiving, and it says how far the request came."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.contract import Client, Layer, Prepared, send
from harness.contract.wire import http1
from harness.contract.wire.transport import layer_of
from harness.errors import ConfigError
from harness.testing import Reply, serve

ASK = Prepared("POST", "/predict", {"Content-Type": "application/json"}, b"[1]")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Raw = Callable[..., str]


def test_a_plain_answer_comes_back_byte_for_byte() -> None:
    with serve(lambda method, path, body: Reply(b"%s %s " % (method.encode(), body), 201)) as fake:
        answer = send(fake.base_url, ASK)
    assert (answer.status, answer.body, answer.error) == (201, b"POST [1] ", None)
    assert answer.header("content-TYPE") == "application/json"


def test_a_url_with_a_path_puts_it_before_the_request() -> None:
    with serve(lambda method, path, body: Reply(path.encode())) as fake:
        assert send(f"{fake.base_url}/models/", ASK).body == b"/models/predict"


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected one like 'http://127.0.0.1:5000'"):
        send("file:///etc/passwd", ASK)


def test_nobody_listening_breaks_in_the_connection_layer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = send(f"http://127.0.0.1:{port}", ASK)
    assert (answer.status, answer.layer) == (0, Layer.CONNECTION)
    assert "Connection refused" in str(answer.error)


def test_a_connection_closed_without_a_byte_breaks_in_the_connection_layer(raw_server: Raw) -> None:
    answer = send(raw_server(b""), ASK)
    assert (answer.layer, answer.error) == (
        Layer.CONNECTION,
        "connection closed without an answer",
    )


def test_a_server_that_never_answers_breaks_in_the_inference_layer(raw_server: Raw) -> None:
    answer = send(raw_server(b"", hold=True), ASK, timeout=0.2)
    assert (answer.layer, answer.error) == (Layer.INFERENCE, "no answer within 0.2 s")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"hello\r\n\r\n", "no HTTP/1.1 status line"),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "malformed header line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "closed after 2 of 9 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1e9\r\n\r\n", "expected one number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "at most 1000"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "one number"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
            "both Transfer-Encoding and Content-Length",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}}}", "longer than its size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", "more than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3000, "a body of more than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n", "300 headers, at most 200"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000, "65536 bytes of headers without an end"),
    ],
)
def test_a_broken_answer_breaks_in_the_response_layer(
    raw_server: Raw, raw: bytes, expected: str
) -> None:
    answer = send(raw_server(raw), ASK, max_bytes=1000)
    assert expected in str(answer.error)
    assert answer.layer is Layer.RESPONSE


def test_what_was_read_of_a_broken_body_is_kept(raw_server: Raw) -> None:
    answer = send(raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), ASK)
    assert (answer.status, answer.body) == (200, b"{")


def test_a_body_that_never_ends_is_cut_by_the_clock(raw_server: Raw) -> None:
    answer = send(raw_server(b"HTTP/1.1 200 OK\r\n\r\n{", hold=True), ASK, timeout=0.2)
    assert answer.error == "a body without end: 1 bytes so far"


def test_chunks_are_put_together(raw_server: Raw) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = send(raw_server(head + b"1\r\n{\r\n1;a=b\r\n}\r\n0\r\nTrailer: x\r\n\r\n"), ASK)
    assert (answer.error, answer.body) == (None, b"{}")


def test_a_request_is_sent_in_two_chunks() -> None:
    got = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        got.append(body)
        return Reply(b"{}")

    with serve(answer) as fake, Client(fake.base_url) as client:
        for body in (b'["abc"]', b"", b"1"):
            client.send(Prepared("POST", "/p", {}, body, chunked=True))
    assert got == [b'["abc"]', b"", b"1"]
    assert http1.in_chunks(b"12345") == b"3\r\n123\r\n2\r\n45\r\n0\r\n\r\n"


def test_interim_answers_are_passed_over(raw_server: Raw) -> None:
    assert send(raw_server(b"HTTP/1.1 100 Continue\r\n\r\n" + OK), ASK).status == 200


def test_an_answer_without_a_length_ends_with_the_connection(raw_server: Raw) -> None:
    assert send(raw_server(b"HTTP/1.0 200 OK\r\n\r\n{}"), ASK).body == b"{}"


def test_bytes_after_the_end_are_counted(raw_server: Raw) -> None:
    assert send(raw_server(OK + b"more"), ASK).surplus == 4


def test_a_redirect_is_an_answer_and_not_followed(raw_server: Raw) -> None:
    raw = b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"
    answer = send(raw_server(raw), ASK)
    assert (answer.status, answer.layer) == (302, Layer.ROUTING)


def test_an_encoded_body_stays_encoded(raw_server: Raw) -> None:
    packed = gzip.compress(b"{}")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    assert send(raw_server(head + packed), ASK).body == packed


def test_a_kept_connection_that_is_dropped_is_tried_once_more(raw_server: Raw) -> None:
    with Client(raw_server(OK, hold=True)) as client:
        first, second = client.send(ASK), client.send(ASK)
    assert (first.retried, second.retried, second.status) == (False, True, 200)


def test_a_new_connection_that_is_dropped_is_not_tried_again(raw_server: Raw) -> None:
    assert send(raw_server(b"", OK), ASK).layer is Layer.CONNECTION


def test_a_connection_is_used_again_where_the_server_keeps_it() -> None:
    with serve(lambda method, path, body: Reply(b"{}")) as fake, Client(fake.base_url) as client:
        client.send(ASK)
        before = client._sock
        client.send(ASK)
        assert client._sock is before is not None


def test_after_an_error_the_connection_is_not_used_again() -> None:
    with serve(lambda method, path, body: Reply(b"{}", 400)) as fake:
        with Client(fake.base_url) as client:
            client.send(ASK)
            assert client._sock is None


@pytest.mark.parametrize(
    ("status", "layer"),
    [
        (200, Layer.RESPONSE),
        (301, Layer.ROUTING),
        (404, Layer.ROUTING),
        (405, Layer.ROUTING),
        (400, Layer.PARSING),
        (422, Layer.PARSING),
        (500, Layer.INFERENCE),
    ],
)
def test_a_status_says_how_far_a_valid_request_came(status: int, layer: Layer) -> None:
    assert layer_of(status) is layer


LARGE = Prepared("POST", "/p", {"Content-Type": "application/json"}, b" " * (8 << 20))
EXPECTING = replace(LARGE, headers={**LARGE.headers, "Expect": "100-continue"})
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("hold", [False, True])
def test_an_answer_that_came_before_the_body_was_read_counts(raw_server: Raw, hold: bool) -> None:
    answer = send(raw_server(TOO_LARGE, hold=hold), LARGE, timeout=5)
    assert (answer.status, answer.body, answer.error, answer.cut) == (413, b"{}", None, False)
    assert answer.seconds < 4


def test_a_reset_while_the_body_is_on_its_way_cuts_the_exchange(raw_server: Raw) -> None:
    answer = send(raw_server(b""), LARGE)
    assert (answer.status, answer.layer, answer.cut) == (0, Layer.CONNECTION, True)
    assert "without an answer" in str(answer.error)


def test_silence_is_no_reset(raw_server: Raw) -> None:
    assert not send(raw_server(b"", hold=True), ASK, timeout=0.2).cut


def test_a_body_that_was_asked_for_is_not_cut(raw_server: Raw) -> None:
    answer = send(raw_server(b"HTTP/1.1 100 Continue\r\n\r\n"), EXPECTING)
    assert (answer.status, answer.cut) == (0, False)


def test_what_is_refused_before_the_body_keeps_it_back(raw_server: Raw) -> None:
    answer = send(raw_server(TOO_LARGE, hold=True), EXPECTING, timeout=5)
    assert (answer.status, answer.body, answer.error) == (413, b"{}", None)


def test_a_server_that_does_not_know_of_expectations_gets_the_body() -> None:
    with serve(lambda method, path, body: Reply(b"%d" % len(body))) as fake:
        assert send(fake.base_url, EXPECTING).body == b"%d" % len(LARGE.body)


def test_a_connection_is_kept_after_a_refusal_where_that_is_wanted(raw_server: Raw) -> None:
    refused = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"
    with Client(raw_server(refused, OK, hold=True)) as client:
        first = client.send(ASK, keep=True)
        assert (first.status, client.is_open) == (404, True)
        second = client.send(ASK)
        assert (second.status, second.retried, client.is_open) == (200, True, True)
        client.send(ASK, keep=False)


def test_what_was_left_on_a_kept_connection_is_the_next_answer(raw_server: Raw) -> None:
    refused = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    with Client(raw_server(refused, hold=True)) as client:
        client.send(ASK, keep=True)
        assert client._sock is not None
        client._sock.close()
        client._sock, other = socket.socketpair()
        with other:
            other.sendall(b"left over\r\n\r\n")
            assert "no HTTP/1.1 status line" in str(client.send(ASK).error)


def test_bytes_after_the_head_of_a_head_answer_are_counted(raw_server: Raw) -> None:
    answer = send(raw_server(OK), Prepared("HEAD", "/p"))
    assert (answer.status, answer.body, answer.surplus) == (200, b"", 2)


def test_the_version_that_the_server_speaks_is_kept(raw_server: Raw) -> None:
    old = b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert [send(raw_server(raw), ASK).minor for raw in (old, OK)] == [0, 1]


def test_interim_answers_without_end_are_no_answer(raw_server: Raw) -> None:
    answer = send(raw_server(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 30), ASK)
    assert answer.error == "more than 20 interim answers"
