"""The notice that a load balancer is given: on made-up answers, and on a real ready path."""

from __future__ import annotations

import time

from harness.lifecycle.notice import Asked, Given, Notice, given
from harness.runtime import ReadyPath
from harness.testing import Reply, serve


def ready(at: float) -> Asked:
    """It said that it is ready."""
    return Asked(at, answered=True, why="")


def unready(at: float) -> Asked:
    """It said that it is not."""
    return Asked(at, answered=True, why="GET /health answered 503, expected 200")


def silent(at: float) -> Asked:
    """Nobody answered."""
    return Asked(at, answered=False, why="GET /health: refused")


def test_notice_is_the_time_from_the_first_unready_to_the_first_silence() -> None:
    found = given([ready(-1), unready(1), unready(3), silent(4), silent(5)], 0.0)
    assert found == Given(unready_at=1.0, closed_at=4.0)
    assert found.seconds == 3.0


def test_a_socket_that_closes_while_it_says_ready_gives_none() -> None:
    found = given([ready(-1), ready(1), silent(2)], 0.0)
    assert found == Given(unready_at=None, closed_at=2.0)
    assert found.seconds == 0.0


def test_a_single_silence_between_answers_is_not_the_end() -> None:
    found = given([ready(-1), silent(1), unready(2), silent(3)], 0.0)
    assert found == Given(unready_at=2.0, closed_at=3.0)


def test_what_was_not_ready_before_or_not_asked_tells_nothing() -> None:
    assert given([], 0.0) is None
    assert given([unready(-1), silent(1)], 0.0) is None
    assert given([silent(-1), silent(1)], 0.0) is None


def test_the_ready_path_is_asked_until_the_block_ends() -> None:
    says = {"status": 200}
    with serve(lambda *_: Reply(b"{}", says["status"])) as endpoint:
        with Notice(endpoint.base_url, ReadyPath("/health")) as notice:
            while not notice.asked:
                time.sleep(0.005)
            signalled = time.monotonic()
            says["status"] = 503
            while not notice.asked[-1].why:
                time.sleep(0.005)
    found = given(notice.asked, signalled)
    assert found is not None and found.unready_at is not None and found.closed_at is None


def test_without_a_ready_path_nothing_is_asked() -> None:
    with Notice("http://127.0.0.1:1", None) as notice:
        pass
    assert notice.asked == []
