"""The forms in which protocols carry tensors: one file each, found by its name.

A form is a module of this package with `FORM`, a subclass of `Form`; its file name is what a
preset writes as `form = "..."`. A new one is one new file.
"""

from __future__ import annotations

import importlib
import pkgutil

from harness.contract.forms.base import Encoding, Form, batched

__all__ = ["FORMS", "Encoding", "Form", "batched"]


def _found() -> dict[str, type[Form]]:
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in _names()}
    return {name: module.FORM for name, module in modules.items() if hasattr(module, "FORM")}


def _names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


FORMS: dict[str, type[Form]] = _found()
