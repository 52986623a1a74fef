"""The judge of requirements: what is not pinned, and whether that matters to the image."""

from __future__ import annotations

import re

from harness.model import Finding, Measurement, Severity
from harness.static.declared import Declared, collect
from harness.static.places import Places, own_files
from harness.static.requirements import Item

_DEVELOPMENT = re.compile(r"(^|[-_.])(dev|develop|test|tests|testing|lint|doc|docs|ci)([-_.]|$)")
# A change in these changes how something is installed, not what it predicts.
_INSTALLERS = frozenset({"pip", "setuptools", "wheel", "uv", "pip-tools", "build", "virtualenv"})
_EXPECTED = (
    "an exact version, as in onnxruntime==1.20.1, or --hash; a new onnxruntime release once "
    "changed the inputs of a model that nobody had touched, and every prediction broke"
)


def pins(places: Places) -> list[Measurement | Finding]:
    """How many requirements the source declares, how many of them are open, and each of those.

    Raises ConfigError for a file that cannot be read.
    """
    declared = collect(places)
    known = [item for item in declared.items if not item.unknown]
    open_ = [item for item in known if not item.pinned]
    seen: list[Measurement | Finding] = [
        Measurement("requirements", float(len(known))),
        Measurement("unpinned", float(len(open_))),
    ]
    seen += [_finding(item, declared) for item in declared.items if not item.pinned]
    seen += [
        Finding(
            "locked",
            f"versions are taken to be those of {lock.name}, which is not read",
            severity=Severity.INFO,
            location=places.shown(lock),
        )
        for lock in declared.locks
    ]
    return seen + ([] if known or declared.locks else [_nothing(places, declared)])


def is_development(file: str) -> bool:
    """Whether a requirements file is, by its name, for developers and not for the image."""
    return _DEVELOPMENT.search(file.rpartition("/")[2].removesuffix(".txt")) is not None


def _finding(item: Item, declared: Declared) -> Finding:
    if item.unknown:
        return Finding(
            "requirement-unknown",
            f"{item.text!r} {item.unknown}: nobody can say what it installs",
            severity=Severity.WARNING,
            location=item.location,
        )
    if item.broken:
        return Finding(
            "requirement-unreadable",
            f"{item.text!r} cannot be read as a requirement: {item.broken}",
            location=item.location,
            expected="a line as pip reads it, like flask==3.1.0",
        )
    mild = item.name in _INSTALLERS or (
        is_development(item.file) and item.file not in declared.installed
    )
    return Finding(
        "requirement-unpinned",
        f"{item.text!r} is not pinned: the next build may install another release",
        severity=Severity.WARNING if mild else Severity.ERROR,
        location=item.location,
        expected=_EXPECTED,
        received=item.text,
    )


def _nothing(places: Places, declared: Declared) -> Finding:
    """Nothing was judged; that must not look like success."""
    if declared.items:
        return Finding(
            "requirements-unknown",
            "not one of the declared requirements can be judged from here",
            severity=Severity.DOUBT,
        )
    python = any(True for folder in places.folders for _ in own_files(folder, "*.py"))
    return Finding(
        "requirements-absent",
        "no requirements*.txt, no pip install, no pyproject.toml dependencies and no lock file: "
        "nothing says which versions belong to this source",
        severity=Severity.WARNING if python else Severity.INFO,
        expected="a requirements.txt with exact versions, installed by the Dockerfile",
    )
