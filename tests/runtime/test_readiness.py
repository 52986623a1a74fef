"""Readiness: what counts as ready, and what a person is told where it is not."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from harness.model import Exit
from harness.runtime import wait_ready
from harness.testing import FakeEndpoint, Reply, serve

pytestmark = pytest.mark.alone


@dataclass
class Offline(FakeEndpoint):
    """An endpoint on a network without a way out."""

    offline: bool = True


def dead(text: str, code: int | None = 1, *, oom: bool = False) -> FakeEndpoint:
    """An instance that has ended, with these last words, on a network without a way out."""
    return Offline("http://127.0.0.1:1", text, ended=Exit(code=code, seconds=0.0, oom_killed=oom))


def test_ready_is_the_ready_path_and_then_one_inference() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        asked.append(path)
        return Reply(b"{}", 200 if len(asked) > 2 else 503)

    def probe(url: str) -> str:
        asked.append("probe")
        return "" if asked.count("probe") > 1 else "the model is still cold"

    with serve(answer) as endpoint:
        startup = wait_ready(endpoint, "/health", 10.0, probe)
    assert startup.ready
    assert asked == ["/health", "/health", "/health", "probe", "probe"]
    assert startup.early == ("the model is still cold",)
    assert startup.said_ready is not None and 0 < startup.said_ready < startup.seconds


def test_without_a_ready_path_the_inference_alone_decides() -> None:
    why = iter(["not yet", ""])
    startup = wait_ready(FakeEndpoint("http://127.0.0.1:1"), None, 5.0, lambda url: next(why))
    assert startup.ready
    assert (startup.said_ready, startup.early) == (None, ())


def test_a_body_that_does_not_say_ready_is_waited_for_and_told() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        asked.append(path)
        return Reply(b"READY" if len(asked) > 2 else b"STARTING")

    def unready(status: int, body: bytes) -> str:
        return "" if (status, body) == (200, b"READY") else f"answered {status} with {body!r}"

    with serve(answer) as endpoint:
        assert wait_ready(endpoint, "/health", 10.0, lambda url: "", unready).ready
        asked.clear()
        late = wait_ready(endpoint, "/health", 0.0, lambda url: "", unready)
    assert late.reason == "not ready within 0 s: GET /health answered 200 with b'STARTING'"


def test_of_a_body_that_is_asked_for_only_the_beginning_is_read() -> None:
    read: list[int] = []

    def unready(status: int, body: bytes) -> str:
        read.append(len(body))
        return ""

    with serve(lambda *_: Reply(b"x" * 10_000_000)) as endpoint:
        assert wait_ready(endpoint, "/health", 10.0, lambda url: "", unready).ready
    assert 64 * 1024 <= read[0] < 256 * 1024


def test_a_redirect_is_not_ready() -> None:
    with serve(lambda *_: Reply(b"", 302, {"Location": "http://127.0.0.1:1/"})) as endpoint:
        startup = wait_ready(endpoint, "/health", 0.2, lambda url: "")
    assert "GET /health answered 302, expected 200" in startup.reason


def test_an_inference_that_never_succeeds_is_the_reason() -> None:
    startup = wait_ready(
        FakeEndpoint("http://127.0.0.1:1"), None, 0.1, lambda url: "answered 500 to the example"
    )
    assert not startup.ready
    assert startup.reason == "not ready within 0.1 s: answered 500 to the example"


def test_death_ends_the_waiting_at_once() -> None:
    began = time.monotonic()
    startup = wait_ready(dead("first\nTraceback\nboom\n", 3), "/health", 30.0, lambda url: "")
    assert time.monotonic() - began < 5
    assert startup.exit_code == 3
    assert startup.reason.startswith("ended with exit code 3 after ")
    assert startup.reason.endswith("first | Traceback | boom")
    assert startup.logs == "first\nTraceback\nboom\n"


@pytest.mark.parametrize(
    "said",
    [
        "socket.gaierror: [Errno -3] Temporary failure in name resolution",
        "requests.exceptions.ConnectionError: HTTPSConnectionPool: Max retries exceeded",
        "OSError: [Errno 113] No route to host",
        "curl: (6) Could not resolve host: models.example",
        "Error: getaddrinfo EAI_AGAIN models.example",
        "dial tcp: lookup models.example: no such host",
    ],
)
def test_a_download_at_start_is_recognised(said: str) -> None:
    startup = wait_ready(dead(said), None, 5.0, lambda url: "refused")
    assert startup.hint == (
        "it tried to reach the network, and has no way out: put the model into the image, "
        'or ask for network = "open"'
    )


def test_with_an_open_network_a_failed_download_is_not_our_doing() -> None:
    endpoint = FakeEndpoint("http://127.0.0.1:1", "no route to host", ended=Exit(1, 0.0))
    assert "open" not in wait_ready(endpoint, None, 5.0, lambda url: "refused").hint


@pytest.mark.parametrize(
    ("endpoint", "hint"),
    [
        (dead("", 137, oom=True), "candidate.resources.memory"),
        (dead("sh: nothing", 127), "ENTRYPOINT"),
        (dead("", 126), "not executable"),
        (dead("", 0), "foreground"),
        (dead("exec /app: exec format error", 1), "another processor"),
        (dead("OSError: [Errno 30] Read-only file system: '/cache'", 1), "/tmp"),
        (dead("OSError: [Errno 98] Address already in use", 1), "its port is taken"),
        (dead("chown: Operation not permitted", 1), "capabilities"),
        (dead("", 1), "start it by hand"),
    ],
)
def test_each_way_to_die_has_its_hint(endpoint: FakeEndpoint, hint: str) -> None:
    assert hint in wait_ready(endpoint, None, 5.0, lambda url: "refused").hint


def test_memory_is_named_in_the_reason() -> None:
    startup = wait_ready(dead("", 137, oom=True), None, 5.0, lambda url: "refused")
    assert startup.oom_killed
    assert "killed for memory" in startup.reason


def test_who_does_not_listen_is_told_where_to() -> None:
    startup = wait_ready(FakeEndpoint("http://127.0.0.1:1"), "/health", 0.1, lambda url: "")
    assert "0.0.0.0" in startup.hint


def test_last_words_are_bounded() -> None:
    startup = wait_ready(dead("x" * 100_000), None, 5.0, lambda url: "refused")
    assert len(startup.reason) < 400
    assert len(startup.logs) <= 64 * 1024


def test_the_exception_is_told_although_the_process_manager_spoke_after_it() -> None:
    logs = (
        'Traceback (most recent call last):\n  File "app.py", line 1\n'
        "ModuleNotFoundError: No module named 'sentry_sdk'\n"
        "worker exiting\nmaster shutting down\nreason: worker failed to boot\n"
    )
    startup = wait_ready(dead(logs, 3), None, 5.0, lambda url: "refused")
    assert startup.reason.endswith(
        "ModuleNotFoundError: No module named 'sentry_sdk' | reason: worker failed to boot"
    )
