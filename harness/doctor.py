"""`gate doctor`: what this machine can and cannot do, found out by trying."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import metadata

_CORE = ("pytest", "hypothesis", "locust", "onnxruntime", "jsonschema", "testcontainers", "flake8")
_EXTRAS = {"tensorflow": "SavedModels", "pyarrow": "Parquet data sets"}


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing that a gate may need."""

    name: str
    ok: bool
    detail: str
    needed: bool = False  # without it no gate can run


def examine() -> list[Ability]:
    """Try everything once; the engine is asked, not looked for."""
    return [
        _python(),
        _engine(),
        *(_package(name, needed=True) for name in _CORE),
        *(_package(name, use=use) for name, use in _EXTRAS.items()),
        _hadolint(),
        _processors(),
    ]


def _python() -> Ability:
    version = ".".join(map(str, sys.version_info[:3]))
    return Ability("python", sys.version_info >= (3, 11), version, needed=True)


def _engine() -> Ability:
    from harness.runtime import engine_status

    status = engine_status()
    hint = "" if status.available else "; candidates can only run as processes or at a URL"
    return Ability("container engine", status.available, f"{status.detail}{hint}")


def _package(name: str, *, use: str = "", needed: bool = False) -> Ability:
    try:
        return Ability(name, True, metadata.version(name), needed)
    except metadata.PackageNotFoundError:
        purpose = f", for {use}" if use else ""
        return Ability(name, False, f"not installed{purpose}: pip install {name}", needed)


def _hadolint() -> Ability:
    from harness.static import hadolint_program

    found = hadolint_program()
    return Ability("hadolint", found is not None, str(found or "not on PATH"))


def _processors() -> Ability:
    usable = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    hint = "" if usable > 1 else "; a load generator beside its candidate needs two"
    return Ability("processors", usable > 1, f"{usable} usable{hint}")
