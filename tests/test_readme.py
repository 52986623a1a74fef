"""What README.md shows is what happens."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness import Measurement
from harness.cli import parser
from harness.config import load
from harness.declare import spec_of
from harness.testing import Reply, serve
from harness.verdict import EXIT_CODES

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
LINKS = re.findall(r"\]\(([^)#:]+)\)", TEXT) + re.findall(r'<img src="([^"]+)"', TEXT)


def block(language: str, word: str) -> str:
    """The fenced block in that language that holds the word."""
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.S)
    return next(text for text in found if word in text)


def test_the_gate_file_of_ten_lines_is_one(tmp_path: Path) -> None:
    text = block("toml", "version = 1")
    (tmp_path / "contracts").mkdir()
    for name in ("response.schema.json", "examples.jsonl"):
        (tmp_path / "contracts" / name).touch()
    (tmp_path / "gate.toml").write_text(text, encoding="utf-8")
    assert len(text.splitlines()) == 10 and load(tmp_path / "gate.toml").load is not None


@pytest.fixture
def shown() -> Callable[..., Any]:
    """The check that the page shows."""
    module = ModuleType("check_tracing")
    sys.modules["check_tracing"] = module
    exec(compile(block("python", "@check"), "README.md", "exec"), module.__dict__)
    function: Callable[..., Any] = module.__dict__["check_model_version"]
    return function


class OneRequest:
    """A contract with one request."""

    def requests(self) -> list[Any]:
        """One valid request."""
        from harness.contract import Prepared

        return [Prepared("POST", "/predict", {"Content-Type": "application/json"}, b"[1]")]


@pytest.mark.parametrize(("headers", "share"), [({"X-Model-Version": "3"}, 100.0), ({}, 0.0)])
def test_the_check_of_one_file_measures_what_it_says(
    shown: Callable[..., Any], headers: dict[str, str], share: float
) -> None:
    assert spec_of(shown) is not None
    with serve(lambda method, path, body: Reply(b"1", headers=headers)) as endpoint:
        assert shown(endpoint, OneRequest()) == Measurement("versioned", share, "%", n=1)


def test_every_exit_code_stands_in_the_table() -> None:
    rows = dict(re.findall(r"^\| (\d) \| (\w+) \|", TEXT, flags=re.M))
    assert rows == {str(code): str(verdict) for verdict, code in EXIT_CODES.items()}


def test_every_command_is_named() -> None:
    actions = parser()._subparsers
    assert actions is not None
    names = list(actions._group_actions[0].choices or ())
    assert names and all(f"`gate {name}" in TEXT for name in names)


def test_every_shipped_family_is_in_the_table() -> None:
    families = {path.stem.removeprefix("check_") for path in (ROOT / "checks").glob("check_*.py")}
    assert families == set(re.findall(r"^\| `(\w+)` \| [^|]+ \|$", TEXT, flags=re.M)) & families


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
