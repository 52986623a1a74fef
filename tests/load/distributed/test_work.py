"""The commands of a master and of a worker, before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import main, parser


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["worker", "--master", "nowhere"], "expected HOST:PORT"),
        (["master", "nowhere.toml"], "no such file"),
        (["master", "--workers", "0"], "expected at least 1"),
        (["master", "--port", "70000"], "expected HOST:PORT"),
    ],
    ids=["no-port", "no-gate", "no-worker", "no-such-port"],
)
def test_wrong_usage_is_told_and_starts_nothing(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["load", *words]) == 2
    assert message in capsys.readouterr().err


def test_a_master_listens_on_loopback_unless_it_is_told_otherwise() -> None:
    asked = parser().parse_args(["load", "master"])
    assert (asked.bind, asked.port, asked.workers) == ("127.0.0.1", 5557, 1)
