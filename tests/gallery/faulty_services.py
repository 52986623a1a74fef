"""The small services of `services/`, clean or with one defect each, put where they can be run.

A file `services/<protocol>/<defect>.toml` is one defect; its keys are the fields of `Fault`.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.gallery.shared import Edit, Strict, change, write_gate

SERVICES = Path(__file__).parent / "services"
SCRIPTS = {  # protocol -> its service
    "json": "reviews.py",
    "mlflow": "houses.py",
    "open-inference-v2": "wine.py",
    "tensorflow-serving": "digits.py",
}
FILES = sorted(path for path in SERVICES.glob("*/*.toml") if path.name != "gate.toml")
NAMES = [path.relative_to(SERVICES).with_suffix("").as_posix() for path in FILES]


class Fault(Strict):
    """One file: what is wrong, when it shows, and who must see it."""

    catches: str | tuple[str, ...]  # the check that must fail, or one of these
    says: str = ""  # stands in that check's reason or findings
    when: tuple[str, ...]  # all that has to be so at once
    why: str  # what it does to whom
    source: str  # a report of the same fault elsewhere
    also: tuple[str, ...] = ()  # other families in which it truly shows
    edit: tuple[Edit, ...]
    gate: dict[str, Any] = {}  # tables laid over gate.toml

    @property
    def checks(self) -> tuple[str, ...]:
        """Ids of the checks of which one must fail."""
        return (self.catches,) if isinstance(self.catches, str) else self.catches

    @property
    def family(self) -> str:
        """`contract` of `contract.json`."""
        return self.checks[0].partition(".")[0]


def read(name: str) -> Fault:
    """The defect `<protocol>/<defect>`. Raises ValueError where its file is not one of these."""
    text = (SERVICES / f"{name}.toml").read_text(encoding="utf-8")
    return Fault.model_validate(tomllib.loads(text))


def put(protocol: str, folder: Path, fault: Fault | None = None, **candidate: Any) -> Path:
    """Copy a service to `folder`, put the defect in, and return its gate.toml.

    `candidate` is laid over that table; without it the gate starts the service as a process.
    Raises ValueError where an edit of the defect does not fit.
    """
    folder.mkdir(parents=True)
    for path in SERVICES.glob("*.py"):
        shutil.copy(path, folder)
    defects = {path.name for path in FILES}
    shutil.copytree(
        SERVICES / protocol, folder / protocol, ignore=lambda _, names: defects & set(names)
    )
    change(folder, fault.edit if fault else ())
    started = {"command": [sys.executable, "-B", f"../{SCRIPTS[protocol]}", "{port}"]}
    layers = [{"candidate": candidate or started}, fault.gate if fault else {}]
    return write_gate(folder / protocol, *layers)
