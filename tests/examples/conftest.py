"""Fixtures of the tests of the examples: their folder, and their services without a server."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of the examples, with their models made."""
    missing = [
        name
        for name in ("sentiment", "digits")
        if not (FOLDER / name / "models" / ".made-from").is_file()
    ]
    if missing:
        pytest.fail(f"no models of {', '.join(missing)}: run `make examples` first")
    return FOLDER


@pytest.fixture(scope="session")
def module(examples: Path) -> Callable[[str, str], ModuleType]:
    """Imports a module of an example's service: both services call their package `webapp`."""

    def imported(example: str, name: str) -> ModuleType:
        package = f"{example}_webapp"
        if package not in sys.modules:
            folder = examples / example / "webapp"
            spec = importlib.util.spec_from_file_location(
                package, folder / "__init__.py", submodule_search_locations=[str(folder)]
            )
            assert spec is not None and spec.loader is not None
            sys.modules[package] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[package])
        return importlib.import_module(f"{package}.{name}")

    return imported
