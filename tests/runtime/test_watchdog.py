"""The watchdog's own parts, without an engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.runtime import watchdog
from harness.testing import Reply, serve


def address(base_url: str) -> str:
    """An engine's address for a fake one."""
    return base_url.replace("http", "tcp")


def test_what_carries_the_label_is_listed_containers_first() -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        if path.startswith("/containers/json?all=1&"):
            listed = [{"Id": "c1", "Names": ["/web"], "Labels": {"a": "1"}}]
            return Reply(json.dumps(listed).encode())
        return Reply(json.dumps([{"Id": "n1", "Name": "net", "Labels": None}]).encode())

    with serve(answer) as engine:
        found = watchdog.labelled(address(engine.base_url), "a")
    assert found == [
        watchdog.Thing("containers", "c1", "web", {"a": "1"}),
        watchdog.Thing("networks", "n1", "net", {}),
    ]


def test_an_engine_that_refuses_is_an_oserror() -> None:
    with serve(lambda *_: Reply(b"{}", 500)) as engine:
        with pytest.raises(OSError, match="answered 500"):
            watchdog.labelled(address(engine.base_url), "a")


def test_networks_go_after_containers_and_what_is_gone_counts_as_gone() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        asked.append(f"{method} {path}")
        return Reply(b"", 404 if "c1" in path else 409 if "c2" in path else 204)

    c1, c2, n1 = (
        watchdog.Thing("containers", "c1", "c1"),
        watchdog.Thing("containers", "c2", "c2"),
        watchdog.Thing("networks", "n1", "n1"),
    )
    with serve(answer) as engine:
        gone = watchdog.remove(address(engine.base_url), [n1, c1, c2])
    assert sorted(thing.id for thing in gone) == ["c1", "n1"]
    assert asked[-1] == "DELETE /networks/n1"


def test_a_process_starts_once() -> None:
    assert watchdog.start_mark(os.getpid()) == watchdog.start_mark(os.getpid()) != ""
    assert watchdog.start_mark(2**22 + 1) == ""


def test_a_group_whose_number_was_given_away_is_left_alone() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    ) as child:
        watchdog.kill_group(child.pid, "1")
        assert child.poll() is None
        watchdog.kill_group(child.pid, watchdog.start_mark(child.pid))
        assert child.wait() == -9


def test_it_needs_nothing_that_is_installed(tmp_path: Path) -> None:
    """Started with `-I -S`: neither our package nor any other can be imported."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", watchdog.__file__, "", "0", str(os.getpid())],
        input=b"group 1 -\nforget 1\ndone\n",
        capture_output=True,
        timeout=30,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, b"")
