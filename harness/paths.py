"""Where the files are that travel with the package: in a checkout, and inside the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def checks() -> Path:
    """Folder of the shipped checks."""
    return _data("checks")


def contracts() -> Path:
    """Folder of the presets and of the schemas of our own documents."""
    return _data("contracts")


def _data(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
