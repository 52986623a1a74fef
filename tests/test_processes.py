"""Processes by their number."""

from __future__ import annotations

import os
import subprocess
import sys

from harness.processes import exists


def test_this_process_exists() -> None:
    assert exists(os.getpid())


def test_a_process_that_ended_and_was_reaped_does_not() -> None:
    done = subprocess.Popen([sys.executable, "-c", "pass"])
    done.wait()
    assert not exists(done.pid)


def test_a_number_that_no_system_has_counts_as_existing() -> None:
    assert exists(2**80)
