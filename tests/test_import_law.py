"""The import law of ARCHITECTURE.md, read off the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HARNESS = sorted((ROOT / "harness").rglob("*.py"))
CHECKS = sorted((ROOT / "checks").glob("*.py"))
JUDGES_ONLY = {"report", "ledger", "server"}  # rooms that read evidence and never make any
PURE = {
    "harness/judge.py": {"harness.limits", "harness.model"},
    "harness/verdict.py": {"harness.labels", "harness.model"},
    "harness/labels.py": set(),
    "harness/limits.py": {"harness", "harness.model"},
    "harness/model.py": set(),
}
HEAVY = ("tensorflow", "onnxruntime", "locust", "docker", "testcontainers", "hypothesis", "onnx")


def imports(path: Path, *, top_level: bool = False) -> set[str]:
    """Modules that the file imports: all, or only those that run when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body: list[ast.stmt] = tree.body
    nodes = list(body) if top_level else list(ast.walk(tree))
    named: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            named.add(node.module)
    return named


def relative(path: Path) -> str:
    """`harness/judge.py`, for messages and ids."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", HARNESS, ids=relative)
def test_the_harness_never_imports_a_check(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] == "checks"]


@pytest.mark.parametrize("path", CHECKS, ids=relative)
def test_a_check_imports_only_public_names_of_the_harness(path: Path) -> None:
    ours = [name for name in imports(path) if name.split(".")[0] == "harness"]
    assert not [name for name in ours if name.count(".") > 1]


@pytest.mark.parametrize("name", PURE)
def test_what_is_pure_imports_nothing_but_what_is_pure(name: str) -> None:
    ours = {module for module in imports(ROOT / name) if module.split(".")[0] == "harness"}
    assert ours <= PURE[name]


@pytest.mark.parametrize(
    "path",
    [path for path in HARNESS if path.relative_to(ROOT).parts[1] in JUDGES_ONLY],
    ids=relative,
)
def test_readers_of_evidence_never_make_any(path: Path) -> None:
    makers = {"harness.runtime", "harness.contract", "harness.accuracy", "harness.load"}
    assert not [name for name in imports(path) if ".".join(name.split(".")[:2]) in makers]


@pytest.mark.parametrize("path", HARNESS + CHECKS, ids=relative)
def test_no_module_is_longer_than_three_hundred_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 310


@pytest.mark.parametrize("path", HARNESS + CHECKS, ids=relative)
def test_no_function_is_longer_than_fifty_lines(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [
        n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    assert not [f.name for f in functions if (f.end_lineno or 0) - f.lineno > 50]


def test_the_plugin_and_the_check_pack_load_without_anything_heavy() -> None:
    names = [f"checks.{path.stem}" for path in CHECKS if path.stem != "__init__"]
    code = (
        f"import importlib, sys\nfor name in ['harness.plugin', 'harness.session', *{names!r}]:\n"
        f"    importlib.import_module(name)\nprint(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"
