"""The room's door: which runtime a gate means, and how light it is to open."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import runtime
from harness.config import Gate


@pytest.mark.parametrize(
    ("candidate", "name"),
    [
        ('image = "tried:1"\n', "docker"),
        ("build = {}\n", "docker"),
        ('command = ["python", "app.py"]\n', "process"),
        ('url = "http://127.0.0.1:5000"\n', "remote"),
    ],
)
def test_the_candidate_decides(gate_of: Callable[[str], Gate], candidate: str, name: str) -> None:
    opened = runtime.open_runtime(gate_of(candidate))
    assert opened.name == name
    opened.close()


def test_opening_imports_nothing_heavy() -> None:
    code = (
        "import sys, harness.runtime, harness.runtime.docker, harness.runtime.process;"
        "print([m for m in ('docker', 'testcontainers', 'requests', 'psutil', 'pydantic')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(runtime.__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"


def test_every_public_name_exists() -> None:
    assert [name for name in runtime.__all__ if not hasattr(runtime, name)] == []
