"""`gate doctor`: found out by trying."""

from __future__ import annotations

import pytest

from harness.cli import main
from harness.doctor import examine


def test_everything_that_every_gate_needs_is_here() -> None:
    assert not [item for item in examine() if item.needed and not item.ok]


def test_an_engine_that_does_not_answer_is_told_with_its_address_and_no_reason_to_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert main(["doctor"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "engine" in line)
    assert line.startswith("no ") and "/nowhere/docker.sock" in line
