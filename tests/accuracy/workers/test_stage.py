"""What a child says that it is at outlives it."""

from __future__ import annotations

import tempfile

import pytest

from harness.accuracy.workers.stage import VARIABLE, last, stage


def test_the_last_stage_is_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shorter one leaves nothing of a longer one; text beyond the space is cut."""
    with tempfile.TemporaryFile() as file:
        monkeypatch.setenv(VARIABLE, str(file.fileno()))
        assert last(file.fileno()) == ""
        stage("reference models/a-long-name.onnx")
        stage("candidate ü.onnx")
        assert last(file.fileno()) == "candidate ü.onnx"
        stage("x" * 10_000)
        assert last(file.fileno()) == "x" * 512


def test_a_process_without_a_parent_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    stage("candidate m.onnx")
