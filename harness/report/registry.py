"""Finds the formats: every module in `formats/` that names its FILE and can render."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import ReportError
from harness.report import formats as folder
from harness.report.document import Report


@dataclass(frozen=True, slots=True)
class Format:
    """One way to show a report."""

    name: str  # of its module
    file: str  # what the rendered text is written to
    render: Callable[[Report], str]


def known_formats() -> tuple[Format, ...]:
    """Every format, by name. A new one is one new file. Raises ReportError for half a format."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    return tuple(_load(name) for name in names)


def _load(name: str) -> Format:
    module = importlib.import_module(f"{folder.__name__}.{name}")
    file, render = getattr(module, "FILE", None), getattr(module, "render", None)
    if not isinstance(file, str) or not callable(render):
        raise ReportError(
            f"report format {name!r}: expected FILE, a file name, and render(report) -> str"
        )
    return Format(name, file, render)
