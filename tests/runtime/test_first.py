"""The first process: a shell or not, and whether it hears the stop signal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.runtime import FirstProcess
from harness.runtime.first import hears, of_container

DESCRIBED: dict[str, Any] = {
    "State": {"Pid": 41},
    "Path": "sh",
    "Args": ["-c", "gunicorn app"],
}


def status(tmp_path: Path, caught: str, ignored: str) -> Path:
    """A /proc whose process 41 has these masks of signals."""
    (tmp_path / "41").mkdir()
    (tmp_path / "41" / "status").write_text(
        f"Name:\tapp\nSigIgn:\t{ignored}\nSigCgt:\t{caught}\n", encoding="ascii"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("command", "shell"),
    [
        ("sh -c gunicorn app", True),
        ("/bin/bash /start.sh", True),
        ("-ash", True),
        ("/bin/busybox sh -c app", True),
        ("/usr/bin/tini -- gunicorn app", False),
        ("python shell.py", False),
        ("", False),
    ],
)
def test_a_shell_is_known_by_its_program(command: str, shell: bool) -> None:
    assert FirstProcess(command).is_shell is shell


@pytest.mark.parametrize(
    ("caught", "ignored", "contained", "expected"),
    [
        ("0000000000004000", "0000000000000000", True, True),
        ("0000000000000000", "0000000000000000", True, False),
        ("0000000000000000", "0000000000000000", False, True),
        ("0000000000000000", "0000000000004000", False, False),
    ],
    ids=["handler", "init-without", "ordinary", "ignored"],
)
def test_the_first_process_of_a_container_hears_only_what_it_handles(
    tmp_path: Path, caught: str, ignored: str, contained: bool, expected: bool
) -> None:
    assert hears(41, contained=contained, proc=status(tmp_path, caught, ignored)) is expected


def test_the_images_own_stop_signal_is_what_counts(tmp_path: Path) -> None:
    proc = status(tmp_path, "0000000000000002", "0000000000000000")  # SIGINT alone
    told = {name: hears(41, name, contained=True, proc=proc) for name in ("SIGINT", "INT", "2")}
    assert told == {"SIGINT": True, "INT": True, "2": True}
    assert hears(41, "SIGTERM", contained=True, proc=proc) is False


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    assert hears(41, proc=tmp_path) is None


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_real_process_that_ignores_the_signal_is_known_by_it() -> None:
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"up\n"
        assert hears(process.pid) is False
        process.communicate(b"\n")


def test_of_a_container_the_engines_list_tells_the_command_and_the_rest() -> None:
    listed = [(41, "sh -c gunicorn app"), (47, "/opt/gunicorn app")]
    assert of_container(DESCRIBED, listed, local=False, stop="SIGTERM") == FirstProcess(
        "sh -c gunicorn app", ("/opt/gunicorn app",)
    )


def test_without_the_list_the_description_is_enough() -> None:
    found = of_container(DESCRIBED, [], local=False, stop="SIGTERM")
    assert found == FirstProcess("sh -c gunicorn app")
    assert found.is_shell
