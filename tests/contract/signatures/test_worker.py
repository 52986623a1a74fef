"""The process that reads model files: its errors and its deaths are sentences."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.contract.signatures import worker
from harness.errors import ConfigError


def test_a_file_that_is_no_model_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"not a protocol buffer")
    with pytest.raises(ConfigError, match=r"m\.onnx: cannot be read: "):
        worker.ask("onnx", path)


def test_a_reader_that_dies_is_named_by_its_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "dies"
    script.write_text(f"#!{sys.executable}\nimport os\nos.kill(os.getpid(), 11)\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(ConfigError, match="killed by SIGSEGV"):
        worker.ask("onnx", tmp_path / "m.onnx")


def test_a_reader_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "hangs"
    script.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(worker, "_WITHIN", 0.3)
    with pytest.raises(ConfigError, match=r"could not be read within 0\.3 s"):
        worker.ask("onnx", tmp_path / "m.onnx")


def test_nothing_of_the_environment_but_what_a_runtime_needs_is_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert "AWS_SECRET_ACCESS_KEY" not in worker._environment()
