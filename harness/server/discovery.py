"""Finds the routers: every module in `adapters/` and `pages/` that has one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from fastapi import APIRouter

from harness.server import adapters, environments, health, pages, reports, runs, verdicts
from harness.server.service import Service

_OWN = (verdicts, reports, runs, environments, health)


def routers(service: Service) -> Iterator[APIRouter]:
    """The routers of the service: its own, then those of the folders by name."""
    for module in _OWN:
        yield module.router(service)
    for folder in (adapters, pages):
        for found in _modules(folder):
            if hasattr(found, "router"):
                yield found.router(service)


def _modules(folder: ModuleType) -> Iterator[ModuleType]:
    for name in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        yield importlib.import_module(f"{folder.__name__}.{name}")
