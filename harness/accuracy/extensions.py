"""Files of one kind each, found by the suffix that they declare: built in, or entry points."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from harness.errors import ConfigError
from harness.suggest import did_you_mean


def by_suffix(group: str, package: str, path: Path) -> ModuleType:
    """The module whose `SUFFIXES` name that of `path`: one of `package`, else an entry point.

    A folder has the suffix "/". Raises ConfigError with what is known.
    """
    suffix = "/" if path.is_dir() else path.suffix.lower()
    known: list[str] = []
    for module in _modules(group, package):
        known += module.SUFFIXES
        if suffix in module.SUFFIXES:
            return module
    shown = ", ".join("a folder" if name == "/" else name for name in known)
    raise ConfigError(
        f"{path}: no reader for {suffix or 'a file without suffix'!r}, expected one of {shown}"
        f"{did_you_mean(suffix, known)}"
    )


def _modules(group: str, package: str) -> Iterator[ModuleType]:
    yield from _built_in(package)
    for entry in entry_points(group=group):
        yield entry.load()


@cache
def _built_in(package: str) -> tuple[ModuleType, ...]:
    found = importlib.import_module(package)
    names = sorted(module.name for module in pkgutil.iter_modules(found.__path__))
    modules = (importlib.import_module(f"{package}.{name}") for name in names)
    return tuple(module for module in modules if hasattr(module, "SUFFIXES"))


def module_named(name: str) -> ModuleType:
    """The module of that name, which `by_suffix` has found before in the parent process."""
    return importlib.import_module(name)
