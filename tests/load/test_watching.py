"""What users of a locustfile send becomes rows: whose ticket it was, and why it failed."""

from __future__ import annotations

import http.client
from pathlib import Path
from typing import Any

import pytest

from harness.load.driving import record
from harness.load.locustside import layout
from harness.load.locustside.dispenser import Ticket
from harness.load.locustside.http import Broken
from harness.load.locustside.recorder import Recorder
from harness.load.locustside.watching import Watcher


class Answer:
    """A response of any client."""

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


class Watched:
    """A watcher of one user, who carries a ticket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recorder = Recorder(folder)
        self.recorder.phase = 1
        self.ticket = Ticket(5.0, queued=True)
        self.watcher = Watcher(self.recorder, {"user": self.ticket})
        self.watcher.aim("http://127.0.0.1:1")

    def request(
        self,
        exception: BaseException | None = None,
        status: int = 200,
        url: str = "http://127.0.0.1:1/",
    ) -> record.Rows:
        """One request of the user; all rows so far."""
        self.watcher.request(
            "GET",
            "/",
            3.0,
            exception=exception,
            context={"releasegate_user": "user"},
            response=Answer(status),
            url=url,
        )
        self.recorder.flush()
        return record.read_rows(self.folder / layout.RECORDS)

    def events(self) -> list[dict[str, Any]]:
        """What the gate is told."""
        return record.Lines(self.folder / layout.EVENTS).new()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """One of them."""
    return Watched(tmp_path)


def _wrapped(cause: BaseException) -> Exception:
    """As requests wraps what urllib3 wraps."""
    return RuntimeError("retries exceeded", OSError("pool", cause))


def test_the_first_request_of_a_task_carries_its_ticket_and_the_next_do_not(
    watched: Watched,
) -> None:
    watched.request()
    first, second = watched.request()
    assert (first["planned"], first["flags"]) == (5.0, layout.TICKET | layout.QUEUED)
    assert second["planned"] == second["sent"]
    assert second["flags"] == 0


def test_what_is_asked_of_another_server_uses_no_ticket(watched: Watched) -> None:
    (other,) = watched.request(url="http://127.0.0.1:2/")
    assert not other["flags"] & layout.TICKET
    assert not watched.ticket.used
    *_, mine = watched.request(url="http://localhost:1/predict")
    assert mine["flags"] & layout.TICKET
    assert [event["event"] for event in watched.events()] == ["name"]


def test_a_stranger_is_found_out_behind_a_name_that_is_known_too(watched: Watched) -> None:
    watched.request()
    watched.request(url="http://example.com/")
    (error,) = [event for event in watched.events() if event["event"] == "error"]
    assert error["message"].startswith("it asked example.com: only the endpoint")


@pytest.mark.parametrize(
    ("exception", "status", "why"),
    [
        (ValueError("503"), 503, layout.STATUS),
        (ValueError("not what was wanted"), 200, layout.OTHER),
        (_wrapped(ConnectionRefusedError()), 0, layout.REFUSED),
        (_wrapped(ConnectionResetError()), 0, layout.RESET),
        (_wrapped(TimeoutError()), 0, layout.TIMEOUT),
        (_wrapped(http.client.RemoteDisconnected("")), 0, layout.CLOSED),
        (http.client.BadStatusLine("x"), 0, layout.FRAMING),
        (Broken(layout.FRAMING, "no"), 0, layout.FRAMING),
        (KeyError("x"), 0, layout.OTHER),
    ],
    ids=lambda value: "",
)
def test_the_reason_is_found_in_the_exceptions_of_any_client(
    watched: Watched, exception: Exception, status: int, why: int
) -> None:
    (row,) = watched.request(exception, status)
    assert row["flags"] & layout.FAILED
    assert layout.why(row["flags"]) == why
    assert watched.ticket.failed


def test_a_request_that_ends_after_its_phase_is_nobodys(watched: Watched) -> None:
    watched.ticket.over = True
    assert len(watched.request()) == 0


def test_a_stranger_is_not_put_under_load(watched: Watched) -> None:
    watched.watcher.request("GET", "a", 1.0, url="http://127.0.0.1:9/")
    watched.watcher.request("GET", "b", 1.0, url="http://192.0.2.1/")
    watched.watcher.aim("http://192.0.2.2")
    watched.watcher.request("GET", "c", 1.0, url="http://192.0.2.2/")
    (error,) = [line for line in watched.events() if line["event"] == "error"]
    assert "it asked 192.0.2.1" in error["message"]


@pytest.mark.parametrize("failed", [True, False])
def test_an_exception_is_told_unless_a_failed_request_led_to_it(
    watched: Watched, failed: bool
) -> None:
    watched.ticket.failed = failed
    watched.watcher.user_error("user", ValueError("boom"), None)
    told = [line["message"] for line in watched.events() if line["event"] == "task_error"]
    assert told == ([] if failed else ["ValueError: boom"])
