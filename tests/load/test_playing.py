"""Phases of lanes, without Locust: every ticket has exactly one row, whatever the server does."""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import numpy as np
import pytest

from harness.load.driving import record
from harness.load.locustside import layout
from harness.load.locustside.corpus import Corpus
from harness.load.locustside.lanes import Lanes
from harness.load.locustside.playing import Player
from harness.load.locustside.recorder import Recorder

Answering = Callable[..., str]

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Stage:
    """A player with its record in a folder, and the lanes to each server."""

    def __init__(self, folder: Path) -> None:
        items = [
            {"method": "POST", "path": f"/{i}", "name": f"POST /{i}", "headers": {}, "body": "e30="}
            for i in range(2)
        ]
        text = "".join(json.dumps(item) + "\n" for item in items)
        (folder / layout.REQUESTS).write_text(text, encoding="utf-8")
        self.folder = folder
        self.recorder = Recorder(folder)
        self._corpus = Corpus(folder / layout.REQUESTS, self.recorder)
        self.player = Player(folder, self.recorder, lambda: None)
        self.events = record.Lines(folder / layout.EVENTS)

    def lanes(self, base_url: str, count: int, **phase: Any) -> Lanes:
        """So many, ready for a phase."""
        lanes = Lanes(base_url, gevent.get_hub().loop, self._corpus, self.recorder)
        lanes.ready(count, {"timeout": 5.0, **phase})
        return lanes

    def open(self, lanes: Lanes, times: list[float], patience: float = 1.0) -> record.Rows:
        """The rows of an open phase."""
        schedule = layout.schedule(1)
        (self.folder / schedule).write_bytes(array("d", times).tobytes())
        self.player.open(lanes, {"id": 1, "schedule": schedule, "patience": patience})
        return self.rows()

    def rows(self, phase: int = 1) -> record.Rows:
        """Those of one phase."""
        rows = record.read_rows(self.folder / layout.RECORDS)
        found: record.Rows = rows[rows["phase"] == phase]
        return found


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """An empty one."""
    return Stage(tmp_path)


def _answer(delay: float = 0.0, data: bytes = _OK) -> Callable[[Any], None]:
    def handle(connection: Any) -> None:
        while connection.recv(65536):
            gevent.sleep(delay)
            connection.sendall(data)

    return handle


def test_an_open_phase_sends_every_planned_request_once(stage: Stage, answering: Answering) -> None:
    times = [0.002 * i for i in range(100)]
    rows = stage.open(stage.lanes(answering(_answer()), 8), times)
    events = {line["event"]: line for line in stage.events.new()}
    assert rows["planned"] == pytest.approx(events["started"]["origin"] + np.array(times))
    assert events["end"] == {"event": "end", "phase": 1, "dealt": 100}
    assert (rows["status"] == 200).all()
    assert sorted(np.unique(rows["name"], return_counts=True)[1]) == [50, 50]
    assert not (rows["flags"] & layout.FAILED).any()


def test_few_connections_are_opened_where_few_requests_are_under_way(
    stage: Stage, answering: Answering
) -> None:
    rows = stage.open(stage.lanes(answering(_answer()), 50), [0.01 * i for i in range(20)])
    assert np.count_nonzero(rows["flags"] & layout.CONNECTED) < 15


def test_what_the_server_holds_back_makes_later_requests_late_and_none_lost(
    stage: Stage, answering: Answering
) -> None:
    rows = stage.open(stage.lanes(answering(_answer(0.05)), 1), [0.0, 0.001, 0.002])
    assert [bool(flags & layout.QUEUED) for flags in rows["flags"]] == [False, True, True]
    waited = rows["sent"] - rows["planned"] + rows["service"]
    assert (waited[1:] > [0.09, 0.13]).all()


def test_what_is_not_answered_when_patience_ends_is_told_from_what_was_never_sent(
    stage: Stage, answering: Answering
) -> None:
    lanes = stage.lanes(answering(lambda connection: gevent.sleep(30)), 2)
    rows = stage.open(lanes, [0.0] * 5, patience=0.1)
    unanswered = layout.TICKET | layout.FAILED | layout.UNANSWERED | layout.CONNECTED
    unanswered |= layout.TIMEOUT << layout.WHY_SHIFT
    unsent = layout.TICKET | layout.FAILED | layout.QUEUED | layout.UNSENT
    unsent |= layout.OTHER << layout.WHY_SHIFT
    assert list(rows["flags"]) == [unanswered] * 2 + [unsent] * 3
    events = [line for line in stage.events.new() if line["event"] == "name"]
    names = [events[int(row["name"])]["name"] for row in rows]
    assert sorted(names[:2]) == ["POST /0", "POST /1"]
    assert names[2:] == ["POST /0", "POST /1", "POST /0"]  # whose turn it would have been


def test_nothing_of_a_phase_is_recorded_in_the_next(stage: Stage, answering: Answering) -> None:
    lanes = stage.lanes(answering(_answer(0.2)), 1)
    stage.open(lanes, [0.0], patience=0.02)
    lanes.ready(1, {"timeout": 5.0})
    told = {"id": 2, "concurrency": 1, "requests": 1, "patience": 2.0}
    stage.player.closed(lanes, told)
    assert [len(stage.rows(1)), len(stage.rows(2))] == [1, 1]
    assert stage.rows(2)["status"][0] == 200


def test_an_open_phase_that_is_stopped_waits_for_what_is_under_way(
    stage: Stage, answering: Answering
) -> None:
    gevent.spawn_later(0.1, stage.player.stop, 1.0)
    rows = stage.open(stage.lanes(answering(_answer(0.05)), 8), [0.01 * i for i in range(3000)])
    (end,) = [line for line in stage.events.new() if line["event"] == "end"]
    assert 2 < end["dealt"] == len(rows) < 1000
    assert (rows["status"] == 200).all()


def test_a_closed_phase_has_so_many_under_way_and_no_more(
    stage: Stage, answering: Answering
) -> None:
    under_way = [0]
    most = [0]

    def handle(connection: Any) -> None:
        while connection.recv(65536):
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
            gevent.sleep(0.005)
            under_way[0] -= 1
            connection.sendall(_OK)

    lanes = stage.lanes(answering(handle), 3)
    told = {"id": 1, "concurrency": 3, "requests": 50, "seconds": None, "patience": 1.0}
    stage.player.closed(lanes, told)
    assert most == [3]
    assert len(stage.rows()) == 50


def test_a_closed_phase_against_nobody_ends_in_time(stage: Stage, answering: Answering) -> None:
    lanes = stage.lanes("http://127.0.0.1:1", 2)
    told = {"id": 1, "concurrency": 2, "seconds": 0.1, "patience": 1.0}
    stage.player.closed(lanes, told)
    rows = stage.rows()
    assert len(rows) > 2
    assert (layout.why(rows["flags"]) == layout.REFUSED).all()


def test_blocks_go_to_one_server_after_the_other_with_the_same_requests(
    stage: Stage, answering: Answering
) -> None:
    asked: list[tuple[str, bytes]] = []

    def noting(who: str) -> Callable[[Any], None]:
        def handle(connection: Any) -> None:
            while data := connection.recv(65536):
                asked.append((who, data[:7]))
                connection.sendall(_OK)

        return handle

    one = stage.lanes(answering(noting("a")), 1, first=0)
    other = stage.lanes(answering(noting("b")), 1, first=0)
    told = {"id": 7, "order": [0, 1, 1, 0], "requests": 3, "patience": 1.0}
    stage.player.blocks([one, other], told)
    assert [who for who, _ in asked] == ["a"] * 3 + ["b"] * 6 + ["a"] * 3
    assert [line for who, line in asked if who == "a"] == [
        line for who, line in asked if who == "b"
    ]
    events = stage.events.new()
    blocks = [line for line in events if line["event"] == "block"]
    assert [line["index"] for line in blocks] == [0, 1, 2, 3]
    assert all(one["end"] <= next_["start"] for one, next_ in zip(blocks, blocks[1:]))
    assert [len(stage.rows(7 + i)) for i in range(4)] == [3, 3, 3, 3]
    assert events[-1] == {"event": "end", "phase": 7, "dealt": 12}


def test_a_sign_of_life_comes_while_a_phase_runs(stage: Stage, answering: Answering) -> None:
    stage.open(stage.lanes(answering(_answer()), 2), [0.0, 0.6])
    beats = [line for line in stage.events.new() if line["event"] == "beat"]
    assert len(beats) >= 3
    assert {line["phase"] for line in beats} == {1}
    assert beats[-1]["dealt"] == 2
    assert beats[-1]["users"] == 2
    assert beats[-1]["at"] <= time.monotonic()
