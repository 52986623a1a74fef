"""Processes by their number."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from harness.processes import environment, exists


def test_this_process_exists() -> None:
    assert exists(os.getpid())


def test_a_process_that_ended_and_was_reaped_does_not() -> None:
    done = subprocess.Popen([sys.executable, "-c", "pass"])
    done.wait()
    assert not exists(done.pid)


def test_a_number_that_no_system_has_counts_as_existing() -> None:
    assert exists(2**80)


def test_the_environment_can_be_read_while_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def change() -> None:
        while not over.is_set():
            os.environ["RELEASEGATE_COMES_AND_GOES"] = "1"
            os.environ.pop("RELEASEGATE_COMES_AND_GOES")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        seen = [environment() for _ in range(3_000)]
    finally:
        over.set()
        thread.join()
    assert all(found["PATH"] == os.environ["PATH"] for found in seen)
